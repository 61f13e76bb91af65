package io.closenotify.testsuite;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

/** The packages of all modules, seen together. */
@AnalyzeClasses(packages = "io.closenotify", importOptions = DoNotIncludeTests.class)
class PackageCyclesTest {

    /** The package of the vocabulary too, which no pattern finds. */
    private static final SliceAssignment PACKAGES = new SliceAssignment() {

        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return SliceIdentifier.of(type.getPackageName());
        }

        @Override
        public String getDescription() {
            return "packages";
        }
    };

    @ArchTest
    static void packages_are_free_of_cycles(JavaClasses all) {
        assertThat(all).extracting(JavaClass::getPackageName).contains("io.closenotify", "io.closenotify.quic",
                "io.closenotify.examples.probe", "io.closenotify.testsuite.bench");
        slices().assignedFrom(PACKAGES).should().beFreeOfCycles().check(all);
    }
}

package io.closenotify.testkit;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the kit brings to its users: Netty, and no more. */
@AnalyzeClasses(packages = "io.closenotify.testkit", importOptions = DoNotIncludeTests.class)
class KitArchitectureTest {

    private static final String[] ALLOWED = {
        "io.closenotify.testkit", "io.closenotify", "io.netty.bootstrap", "io.netty.buffer..", "io.netty.channel..",
        "io.netty.handler.ssl..", "io.netty.util..", "java..", "javax.net.ssl", "org.jspecify.annotations"};

    @ArchTest
    static final ArchRule THE_KIT_NEEDS_NETTY_ALONE = classes().that().doNotHaveSimpleName("LeakAndLogCheck")
            .should().onlyDependOnClassesThat(resideInAnyPackage(ALLOWED));

    @ArchTest
    static final ArchRule ONE_CLASS_NEEDS_JUNIT = classes().that().haveSimpleName("LeakAndLogCheck")
            .should().onlyDependOnClassesThat(resideInAnyPackage(ALLOWED)
                    .or(resideInAnyPackage("org.junit.jupiter.api..", "org.junit.platform.commons.support..")));
}

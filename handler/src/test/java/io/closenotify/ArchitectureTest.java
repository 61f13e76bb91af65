package io.closenotify;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The fences between the packages. */
@AnalyzeClasses(packages = "io.closenotify", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule THE_CORE_IS_PURE = classes().that().resideInAPackage("io.closenotify.core..")
            .should().onlyDependOnClassesThat(resideInAnyPackage(
                    "io.closenotify", "io.closenotify.core",
                    "java.lang..", "java.time", "java.util", "java.util.concurrent", "org.jspecify.annotations"));

    @ArchTest
    static final ArchRule THE_VOCABULARY_KNOWS_NOBODY = noClasses().that().resideInAPackage("io.closenotify")
            .should().dependOnClassesThat().resideInAnyPackage(
                    "io.closenotify.core..", "io.closenotify.driver..", "io.closenotify.tls..",
                    "io.closenotify.dtls..", "io.closenotify.boundary..", "io.closenotify.drain..",
                    "io.closenotify.observe..");

    @ArchTest
    static final ArchRule THE_DRIVER_KNOWS_NO_PROTOCOL = classes().that().resideInAPackage("io.closenotify.driver..")
            .should().onlyDependOnClassesThat(resideInAnyPackage(
                    "io.closenotify", "io.closenotify.core", "io.closenotify.driver", "io.closenotify.observe",
                    "io.netty.buffer", "io.netty.channel", "io.netty.util..", "java..", "org.jspecify.annotations"));

    @ArchTest
    static final ArchRule THE_DRIVER_SERVES_TLS_AND_DTLS_ONLY = noClasses()
            .that().resideOutsideOfPackages("io.closenotify.driver..", "io.closenotify.tls..", "io.closenotify.dtls..")
            .should().dependOnClassesThat().resideInAPackage("io.closenotify.driver..");

    @ArchTest
    static final ArchRule OBSERVERS_KNOW_THE_VOCABULARY_ONLY = classes()
            .that().resideInAPackage("io.closenotify.observe..")
            .should().onlyDependOnClassesThat(resideInAnyPackage(
                    "io.closenotify", "io.closenotify.observe", "io.netty.channel", "io.netty.util..",
                    "io.micrometer.core.instrument..", "jdk.jfr", "java..", "org.jspecify.annotations"));

    @ArchTest
    static final ArchRule MICROMETER_IS_BEHIND_ONE_CLASS = noClasses()
            .that().haveNameNotMatching("io\\.closenotify\\.observe\\.ShutdownMetrics(\\$.*)?")
            .should().dependOnClassesThat().resideInAPackage("io.micrometer..");

    @ArchTest
    static final ArchRule NOBODY_NEEDS_THE_METERS = noClasses()
            .that().doNotHaveSimpleName("ShutdownMetrics").and().doNotHaveSimpleName("Bound")
            .should().dependOnClassesThat().haveSimpleName("ShutdownMetrics");

    @ArchTest
    static final ArchRule THE_FLIGHT_RECORDER_IS_BEHIND_ONE_CLASS = noClasses()
            .that().haveNameNotMatching("io\\.closenotify\\.observe\\.ShutdownEvent(\\$.*)?")
            .should().dependOnClassesThat().resideInAPackage("jdk.jfr..");

    @ArchTest
    static final ArchRule THE_WATCH_IS_FOR_HANDLERS = noClasses()
            .that().resideOutsideOfPackages("io.closenotify.observe..", "io.closenotify.driver..")
            .should().dependOnClassesThat()
            .haveNameMatching("io\\.closenotify\\.observe\\.Shutdown(Watch|Recording).*");

    @ArchTest
    static final ArchRule PACKAGES_ARE_FREE_OF_CYCLES =
            slices().matching("io.closenotify.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule NO_LOCKS = noClasses().should().dependOnClassesThat()
            .resideInAPackage("java.util.concurrent.locks..");

    @ArchTest
    static final ArchRule NO_SLEEPS = noClasses().should().callMethod(Thread.class, "sleep", long.class);

    /** By a method reference one is named, as the default of what tests replace. */
    @ArchTest
    static final ArchRule NO_CLOCK_IS_READ_BUT_ONE_THAT_TESTS_CAN_REPLACE = noClasses()
            .should().callMethod(System.class, "nanoTime")
            .orShould().callMethod(System.class, "currentTimeMillis");

    @ArchTest
    static final ArchRule TCNATIVE_IS_BEHIND_ONE_CLASS = noClasses()
            .that().doNotHaveSimpleName("OpenSslTlsEngine")
            .should().dependOnClassesThat().resideInAPackage("io.netty.internal.tcnative..");

    @ArchTest
    static final ArchRule CODECS_OF_HTTP_ARE_BEHIND_THE_BOUNDARIES = noClasses()
            .that().resideOutsideOfPackage("io.closenotify.boundary..")
            .and().haveNameNotMatching("io\\.closenotify\\.drain\\.Http.*")
            .should().dependOnClassesThat()
            .resideInAnyPackage("io.netty.handler.codec.http..", "io.netty.handler.codec.http2..");

    @ArchTest
    static final ArchRule FRAMES_NEED_NO_CODEC_OF_HTTP = noClasses()
            .that().haveSimpleNameStartingWith("LengthPrefixed").or().haveSimpleName("FrameTracker")
            .should().dependOnClassesThat()
            .resideInAnyPackage("io.netty.handler.codec.http..", "io.netty.handler.codec.http2..");

    @ArchTest
    static final ArchRule BOUNDARIES_SHOW_THEIR_HANDLERS_ONLY = classes()
            .that().resideInAPackage("io.closenotify.boundary").and().haveSimpleNameNotEndingWith("MessageBoundary")
            .and().doNotHaveSimpleName("package-info")
            .should().notHaveModifier(JavaModifier.PUBLIC);

    @ArchTest
    static final ArchRule HELPERS_OF_DTLS_STAY_INSIDE = classes()
            .that().resideInAPackage("io.closenotify.dtls").and().areTopLevelClasses()
            .and().haveSimpleNameNotStartingWith("DtlsHandler")
            .and().haveSimpleNameNotStartingWith("DtlsServerChannel").and().doNotHaveSimpleName("package-info")
            .should().notHaveModifier(JavaModifier.PUBLIC);

    @ArchTest
    static final ArchRule HELPERS_OF_TLS_STAY_INSIDE = classes()
            .that().resideInAPackage("io.closenotify.tls").and().haveSimpleNameNotStartingWith("TlsShutdownHandler")
            .and().areTopLevelClasses().and().doNotHaveSimpleName("TlsShutdownInstaller")
            .and().haveSimpleNameNotStartingWith("TlsRecord")
            .and().doNotHaveSimpleName("package-info")
            .should().notHaveModifier(JavaModifier.PUBLIC);
}

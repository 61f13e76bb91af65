package io.closenotify.quic;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import java.util.function.LongSupplier;

/** The fences inside the module. */
@AnalyzeClasses(packages = "io.closenotify.quic", importOptions = DoNotIncludeTests.class)
class QuicArchitectureTest {

    private static final Class<?>[] MACHINE = {QuicShutdownMachine.class, MachineState.class, Phase.class,
        Input.class, Action.class, Transition.class};

    private static final Class<?>[] VOCABULARY = {QuicShutdownMode.class, QuicCloseDelivery.class, StreamFlush.class};

    private static final DescribedPredicate<JavaAccess<?>> READ_A_CLOCK =
            DescribedPredicate.describe("read a clock", access -> {
                String name = access.getName();
                return access.getTargetOwner().isEquivalentTo(System.class)
                        && (name.equals("nanoTime") || name.equals("currentTimeMillis"))
                        || access.getTargetOwner().getPackageName().equals("java.time") && name.equals("now");
            });

    @ArchTest
    static final ArchRule THE_MACHINE_IS_PURE = classes().that(belongToAnyOf(MACHINE))
            .should().onlyDependOnClassesThat(belongToAnyOf(MACHINE).or(belongToAnyOf(VOCABULARY))
                    .or(resideInAnyPackage("io.closenotify", "java.lang", "java.lang.runtime", "java.util",
                            "org.jspecify.annotations"))
                    .onResultOf(JavaClass::getBaseComponentType).as("are its own, or plain Java"));

    @ArchTest
    static final ArchRule NETTY_IS_NOT_NEEDED_TO_SAY_WHAT_IS_WANTED_AND_WHAT_BECAME_OF_IT = noClasses()
            .that(belongToAnyOf(QuicShutdownPolicy.class, QuicShutdownOutcome.class, QuicConnectionClose.class,
                    QuicShutdownMode.class, QuicCloseDelivery.class, StreamFlush.class))
            .should().dependOnClassesThat().resideInAPackage("io.netty..");

    @ArchTest
    static final ArchRule THE_CODECS_INTERNALS_ARE_BEHIND_TWO_CLASSES = noClasses()
            .that(DescribedPredicate.not(belongToAnyOf(QuicheCodec.class, QuicheConnection.class)))
            .should().dependOnClassesThat(DescribedPredicate.describe("reach into other classes", target ->
                    Set.of("java.lang.invoke.MethodHandle", "java.lang.invoke.VarHandle",
                            "java.lang.invoke.MethodHandles").contains(target.getName())
                    || target.getPackageName().equals("java.lang.reflect")));

    @ArchTest
    static final ArchRule NO_LOCKS = noClasses().should().dependOnClassesThat()
            .resideInAPackage("java.util.concurrent.locks..");

    @ArchTest
    static final ArchRule NO_MONITORS = classes().should(new ArchCondition<JavaClass>("have no synchronized methods") {
        @Override
        public void check(JavaClass type, ConditionEvents events) {
            type.getMethods().stream()
                    .filter(method -> method.getModifiers().contains(JavaModifier.SYNCHRONIZED))
                    .forEach(method -> events.add(SimpleConditionEvent.violated(method, method.getFullName())));
        }
    });

    @ArchTest
    static final ArchRule NO_SLEEPS = noClasses().should().callMethod(Thread.class, "sleep", long.class)
            .orShould().callMethod(Object.class, "wait", long.class)
            .orShould().callMethod(Object.class, "wait");

    @ArchTest
    static final ArchRule NO_CLOCKS_BUT_THOSE_OF_THE_TWO_HANDLERS = noClasses()
            .that(DescribedPredicate.not(belongToAnyOf(QuicShutdownHandler.class, QuicLingerHandler.class)))
            .should().accessTargetWhere(READ_A_CLOCK);

    @ArchTest
    static final ArchRule A_CLOCK_IS_A_SUPPLIER = fields().that().haveName("clock")
            .should().haveRawType(LongSupplier.class);

    @ArchTest
    static final ArchRule NO_CYCLE_LEADS_BACK_TO_THE_HANDLERS_FROM_WHAT_LINGERS = noClasses()
            .that(belongToAnyOf(LingerEntry.class, LingerTable.class, ConnectionIds.class, StatelessReset.class,
                    ReasonPhrase.class, CloseFrameReader.class, AckWatch.class, QuicheConnection.class,
                    QuicheCodec.class))
            .should().dependOnClassesThat(belongToAnyOf(QuicShutdownHandler.class, QuicLingerHandler.class,
                    QuicShutdown.class, MassShutdown.class));

    @ArchTest
    static final ArchRule HELPERS_STAY_INSIDE = classes()
            .that().haveSimpleNameNotStartingWith("Quic").and().doNotHaveSimpleName("StreamFlush")
            .and().doNotHaveSimpleName("package-info").and().areNotMemberClasses()
            .and().resideOutsideOfPackage("io.closenotify.quic.http3")
            .or().haveSimpleNameStartingWith("Quiche")
            .should().notBePublic();

    @ArchTest
    static final ArchRule THE_CODEC_OF_HTTP_3_IS_BEHIND_ITS_PACKAGE = noClasses()
            .that().resideOutsideOfPackage("io.closenotify.quic.http3")
            .should().dependOnClassesThat()
            .resideInAnyPackage("io.netty.incubator.codec.http3", "io.closenotify.quic.http3");
}

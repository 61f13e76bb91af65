package io.closenotify.testsuite.soak;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * A DTLS connection through a relay.
 *
 * @param number its number
 * @param client what the client does
 * @param server what the server does
 * @param trouble what the relay does
 */
record DtlsScenario(long number, Script client, Script server, UdpFault trouble)
        implements Scenario<DtlsScenario.Script> {

    private static final Duration LONG = Duration.ofSeconds(40);
    private static final Duration SHORT = Duration.ofMillis(600);
    private static final Duration LINGER = Duration.ofMillis(200);

    /**
     * What one end does.
     *
     * @param mode its mode
     * @param messages how many messages it writes
     * @param shutsDown whether it shuts down of its own accord
     * @param byClose by {@code close()}, not {@code shutdown()}
     */
    record Script(ShutdownMode mode, int messages, boolean shutsDown, boolean byClose) {

        static Script draw(SplittableRandom random, boolean shutsDown) {
            return new Script(random.nextInt(5) == 0 ? ShutdownMode.QUIET
                    : random.nextInt(3) == 0 ? ShutdownMode.FAST : ShutdownMode.BIDIRECTIONAL,
                    random.nextInt(40), shutsDown, random.nextBoolean());
        }
    }

    static DtlsScenario draw(long number, SplittableRandom random) {
        int who = random.nextInt(3);
        return new DtlsScenario(number, Script.draw(random, who != 0), Script.draw(random, who != 1),
                UdpFault.draw(random));
    }

    @Override
    public String protocol() {
        return "DTLS 1.2";
    }

    @Override
    public String faultName() {
        return trouble.title();
    }

    /** One of the two is not going to be told by the other, or may not be. */
    boolean mayBeSilent() {
        return !trouble.isHarmless() || client.mode() == ShutdownMode.QUIET || server.mode() == ShutdownMode.QUIET;
    }

    ShutdownPolicy policy(Script script) {
        return ShutdownPolicy.of(script.mode()).toBuilder()
                .flushTimeout(LONG).peerTimeout(mayBeSilent() ? SHORT : LONG).linger(LINGER).build();
    }

    Duration patience() {
        return mayBeSilent() ? SHORT : LONG;
    }

    @Override
    public Report run(Endpoints endpoints) throws Exception {
        DtlsEvidence evidence = new DtlsRun(this, endpoints).run();
        return new Report(this, evidence.outcomes(), DtlsOracle.judge(evidence));
    }
}

package io.closenotify.testsuite.soak;

import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.quic.StreamFlush;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * A QUIC connection through a relay.
 *
 * @param number its number
 * @param client what the client does
 * @param server what the server does
 * @param trouble what the relay does
 */
record QuicScenario(long number, Script client, Script server, UdpFault trouble)
        implements Scenario<QuicScenario.Script> {

    private static final Duration LONG = Duration.ofSeconds(40);
    private static final Duration SHORT = Duration.ofSeconds(2);

    /** Long against a starved machine's round trips: quiche's timer tells the two apart by their length. */
    private static final Duration SHORT_IDLE = Duration.ofSeconds(5);

    private static final int MOST_BYTES = 200_000;
    private static final int MOST_HANDSHAKES = 10;

    /**
     * What one end does.
     *
     * @param mode its mode
     * @param flush whether it waits for acknowledgements
     * @param close what it tells the peer
     * @param extraCopies how often it repeats that on its own account
     * @param bytes how many bytes it writes on a stream of its own
     * @param shutsDown whether it shuts down of its own accord
     * @param afterPeersBytes and only when it has read all that the peer writes
     */
    record Script(QuicShutdownMode mode, StreamFlush flush, QuicConnectionClose close, int extraCopies, int bytes,
            boolean shutsDown, boolean afterPeersBytes) {

        static Script draw(SplittableRandom random, boolean shutsDown) {
            String reason = "reason ".repeat(random.nextInt(8) == 0 ? 300 : random.nextInt(5));
            QuicConnectionClose close = random.nextInt(4) == 0
                    ? QuicConnectionClose.transport(random.nextLong(QuicConnectionClose.MAX_ERROR_CODE), reason)
                    : QuicConnectionClose.application(
                            random.nextLong(QuicConnectionClose.MAX_ERROR_CODE) >>> random.nextInt(62), reason);
            return new Script(random.nextInt(3) == 0 ? QuicShutdownMode.RAPID : QuicShutdownMode.COMPLIANT,
                    random.nextInt(5) == 0 ? StreamFlush.NONE : StreamFlush.ACKNOWLEDGED, close, random.nextInt(4),
                    random.nextInt(3) == 0 ? 0 : random.nextInt(MOST_BYTES), shutsDown, random.nextBoolean());
        }
    }

    static QuicScenario draw(long number, SplittableRandom random) {
        int who = random.nextInt(3);
        return new QuicScenario(number, Script.draw(random, who != 0), Script.draw(random, who != 1),
                UdpFault.draw(random));
    }

    @Override
    public String protocol() {
        return "QUIC";
    }

    @Override
    public String faultName() {
        return trouble.title();
    }

    /** A close that is lost is told by nobody but the idle timeout. */
    boolean mayBeSilent() {
        return trouble.kind().compareTo(UdpFault.Kind.HOLE_HEALED) >= 0;
    }

    Duration idleTimeout() {
        return mayBeSilent() ? SHORT_IDLE : LONG;
    }

    QuicShutdownPolicy policy(Script script) {
        return QuicShutdownPolicy.of(script.mode()).toBuilder().streamFlush(script.flush()).close(script.close())
                .extraCopies(script.extraCopies()).flushTimeout(mayBeSilent() ? SHORT : LONG)
                .closeTimeout(mayBeSilent() ? SHORT : LONG).build();
    }

    /** Longer than the idle timeout, which tells whoever is not told. */
    Duration patience() {
        return mayBeSilent() ? SHORT_IDLE.plusSeconds(1) : LONG;
    }

    @Override
    public Report run(Endpoints endpoints) throws Exception {
        QuicEvidence evidence = null;
        for (int attempt = 0; evidence == null && attempt < MOST_HANDSHAKES; attempt++) {
            evidence = new QuicRun(this, attempt, endpoints).run();
        }
        if (evidence == null) {
            throw new IllegalStateException("no handshake in " + MOST_HANDSHAKES + " attempts");
        }
        return new Report(this, evidence.outcomes(), QuicOracle.judge(evidence));
    }
}

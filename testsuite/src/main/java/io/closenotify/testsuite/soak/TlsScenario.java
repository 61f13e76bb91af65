package io.closenotify.testsuite.soak;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TruncationPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * A TLS connection through a relay.
 *
 * @param number its number
 * @param version TLSv1.2 or TLSv1.3
 * @param clientEngine the client's engine
 * @param serverEngine the server's engine
 * @param client what the client does
 * @param server what the server does
 * @param place where the fault is applied
 * @param fault what it is; a stall may heal
 * @param heals whether a stall ends after a while
 * @param direction what it is applied to
 * @param atByte where, for {@link Place#BYTE}
 */
record TlsScenario(long number, String version, SslProvider clientEngine, SslProvider serverEngine, Script client,
        Script server, Place place, Fault fault, boolean heals, Direction direction, int atByte)
        implements Scenario<TlsScenario.Script> {

    private static final Duration LONG = Duration.ofSeconds(40);
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final int MOST_BYTES = 200_000;

    /** Where in the stream of a direction the fault comes. */
    enum Place {
        NOWHERE, SLOW, BYTE, BEFORE_ALERT, INSIDE_ALERT, AFTER_ALERT
    }

    /** Who shuts down of its own accord. */
    private enum Initiative {
        CLIENT, SERVER, BOTH
    }

    /**
     * What one end does.
     *
     * @param mode its mode
     * @param onPeerCloseNotify whether it answers at once, or writes on first
     * @param onTruncation whether a truncation raises an exception
     * @param bytes how many bytes it writes after the handshake
     * @param lateBytes how many more it writes when it defers
     * @param shutsDown whether it shuts down of its own accord
     * @param afterPeersBytes and only when it has read all that the peer writes
     * @param byClose by {@code close()}, not {@code shutdown()}
     */
    record Script(ShutdownMode mode, PeerClosePolicy onPeerCloseNotify, TruncationPolicy onTruncation, int bytes,
            int lateBytes, boolean shutsDown, boolean afterPeersBytes, boolean byClose) {

        static Script draw(SplittableRandom random, boolean shutsDown) {
            // Whole blocks: no record of application data may look like an alert.
            return new Script(
                    random.nextInt(4) == 0 ? ShutdownMode.QUIET
                            : random.nextBoolean() ? ShutdownMode.BIDIRECTIONAL : ShutdownMode.FAST,
                    random.nextInt(3) == 0 ? PeerClosePolicy.DEFER : PeerClosePolicy.RESPOND,
                    random.nextBoolean() ? TruncationPolicy.FAIL : TruncationPolicy.REPORT,
                    blocks(random, random.nextBoolean() ? MOST_BYTES : 4_000), blocks(random, MOST_BYTES / 4),
                    shutsDown, random.nextBoolean(), random.nextBoolean());
        }

        private static int blocks(SplittableRandom random, int most) {
            return random.nextInt(3) == 0 ? 0 : random.nextInt(most / 64) * 64;
        }
    }

    static TlsScenario draw(long number, SplittableRandom random) {
        Initiative initiative = Scenario.oneOf(random, Initiative.class);
        return new TlsScenario(number, random.nextBoolean() ? "TLSv1.2" : "TLSv1.3", engine(random), engine(random),
                Script.draw(random, initiative != Initiative.SERVER),
                Script.draw(random, initiative != Initiative.CLIENT),
                Scenario.oneOf(random, Place.class), Scenario.oneOf(random, Fault.class), random.nextInt(3) == 0,
                Scenario.oneOf(random, Direction.class), random.nextInt(random.nextBoolean() ? 6_000 : MOST_BYTES));
    }

    private static SslProvider engine(SplittableRandom random) {
        return random.nextBoolean() ? SslProvider.JDK : SslProvider.OPENSSL;
    }

    @Override
    public String protocol() {
        return version.replace("v", " ");
    }

    @Override
    public String faultName() {
        return switch (place) {
            case NOWHERE -> NO_FAULT;
            case SLOW -> "slow";
            default -> (isHealing() ? "stall, healed" : fault.name().toLowerCase(Locale.ROOT))
                    + (place == Place.BYTE ? " at a byte" : " " + place.name().toLowerCase(Locale.ROOT)
                            .replace('_', ' '));
        };
    }

    boolean isHealing() {
        return fault == Fault.STALL && heals;
    }

    /** Nothing that was sent is kept from the other end, only late perhaps. */
    boolean isHarmless() {
        return place == Place.NOWHERE || place == Place.SLOW || isHealing();
    }

    /** Whether timers may run out: on a busy machine also where the fault has not come to pass. */
    boolean isImpatient() {
        return !isHarmless() && fault == Fault.STALL;
    }

    /** Only where one end can be left without a word does anything depend on a timer. */
    ShutdownPolicy policy(Script script) {
        Duration patience = isImpatient() ? SHORT : LONG;
        return ShutdownPolicy.of(script.mode()).toBuilder()
                .flushTimeout(patience).peerTimeout(patience).linger(patience).deferTimeout(LONG)
                .ticketTimeout(Duration.ofMillis(20))
                .onPeerCloseNotify(script.onPeerCloseNotify()).onTruncation(script.onTruncation())
                .build();
    }

    /** How long the two ends are left alone; then each is shut down that has not ended. */
    Duration patience() {
        return isHarmless() ? LONG : Duration.ofSeconds(1);
    }

    @Override
    public Report run(Endpoints endpoints) throws Exception {
        TlsEvidence evidence = new TlsRun(this, endpoints).run();
        List<String> wrong = new ArrayList<>(TlsOracle.judge(evidence));
        if (!wrong.isEmpty()) {
            wrong.add("carried: " + evidence.toServer() + ", " + evidence.toClient());
        }
        return new Report(this, evidence.outcomes(), wrong);
    }
}

package io.closenotify.examples.probe.quic;

import io.closenotify.Protocol;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.UdpAudit;
import io.closenotify.examples.probe.quic.Frame.Close;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The connections of one audit, one after the other. */
final class QuicAudit extends UdpAudit {

    /** Has more than 32 bits, and means nothing by HTTP/3 (RFC 9114, section 8.1: 0x1f * N + 0x21). */
    static final long OUR_CODE = 0x1f * 0x1000_0000L + 0x21;
    static final String OUR_REASON = "closenotify probe";

    private static final long MILLI = 1_000_000;

    /** RFC 9000, section 18.2: the default of max_ack_delay, of which a probe timeout has one. */
    private static final long MAX_ACK_DELAY = 25 * MILLI;

    private static final long SHORTEST_WATCH = 600 * MILLI;
    private static final long SHORTEST_PAUSE = 10 * MILLI;
    private static final long GRACE = 50 * MILLI;
    private static final int COPIES = 3;
    private static final int LATE_PINGS = 5;

    private final QuicProber.Contexts contexts;
    private final Duration patience;
    private final byte @Nullable [] request;

    QuicAudit(String host, int port, QuicProber.Contexts contexts, Duration patience, byte @Nullable [] request) {
        super(Protocol.QUIC, host, port);
        this.contexts = contexts;
        this.patience = patience;
        this.request = request;
    }

    @Override
    protected void run() throws IOException, InterruptedException {
        if (!peerCloses()) {
            provokedClose();
        }
        ourClose();
    }

    private QuicExchange connect(String id, String title) throws IOException, InterruptedException {
        return QuicExchange.connect(loop(), contexts, host(), peer(), patience, begin(id, title));
    }

    private static long in(long nanos) {
        return System.nanoTime() + nanos;
    }

    private void requestOf(QuicExchange exchange) {
        exchange.request(request, ProbeReport.target(host(), peer().getPort()).replaceFirst(":443$", ""));
    }

    // The peer closes first

    /** Returns whether it did so by itself. */
    private boolean peerCloses() throws IOException, InterruptedException {
        try (QuicExchange exchange = connect("peer_closes", "The peer closes by itself, and its close is lost")) {
            negotiated(exchange.negotiated());
            requestOf(exchange);
            Packet closing = awaitClose(exchange, in(patience.toNanos()));
            if (closing == null) {
                exchange.recorder().note("the peer has not closed within " + patience.toMillis() + " ms");
                if (exchange.takeOver()) {
                    exchange.close(0, "");
                }
                return false;
            }
            watchClosing(exchange, closing, false);
            add(QuicFindings.responseDelivered(
                    exchange.streams(), exchange.wire().streams().lostCount(), exchange.recorder().id()));
            return true;
        }
    }

    private static @Nullable Packet awaitClose(QuicExchange exchange, long deadline) throws InterruptedException {
        Packet packet = exchange.wire().next(deadline);
        while (packet != null && packet.close() == null) {
            packet = exchange.wire().next(deadline);
        }
        return packet;
    }

    private void provokedClose() throws InterruptedException {
        try (QuicExchange exchange = connect("provoked",
                "The peer closes over an error of ours, and its close is lost")) {
            if (!exchange.takeOver()) {
                add(QuicFindings.notClosed("the keys of the connection are not known", exchange.recorder()));
                return;
            }
            Packet closing = null;
            boolean acknowledged = false;
            for (int attempt = 0; attempt < COPIES && closing == null; attempt++) {
                exchange.send("HANDSHAKE_DONE", Unpooled.buffer().writeByte(Frame.HANDSHAKE_DONE));
                long deadline = in(patience.toNanos() / COPIES);
                for (Packet packet = exchange.wire().next(deadline); packet != null && closing == null;
                        packet = closing == null ? exchange.wire().next(deadline) : packet) {
                    closing = packet.close() == null ? null : packet;
                    acknowledged |= packet.frames().stream().anyMatch(frame -> frame.name().equals("ACK"));
                }
            }
            if (closing == null) {
                add(QuicFindings.ignoresError(acknowledged, exchange.recorder()));
                exchange.close(0, "");
            } else {
                watchClosing(exchange, closing, true);
            }
        } catch (IOException e) {
            add(QuicFindings.notClosed(String.valueOf(e.getMessage()), latest()));
        }
    }

    /**
     * What came in the closing period and behind it.
     *
     * @param close what the first close said
     * @param roundTrip in nanoseconds
     * @param pings how many packets we have sent
     * @param repeats how often the close came again
     * @param identical how many of these were the same datagram
     * @param lastRepeat how long after the first one the last one came
     * @param others other packets that could be read
     * @param silence for how long before the end nothing came
     * @param reset the length of a datagram that may be a stateless reset, 0 if none came
     * @param resetConfirmed whether its token is right
     * @param resetAfter how long after the close
     */
    record ClosingPeriod(Close close, long roundTrip, int pings, int repeats, int identical, long lastRepeat,
            int others, long silence, int reset, boolean resetConfirmed, long resetAfter) {
    }

    private void watchClosing(QuicExchange exchange, Packet closing, boolean provoked) throws InterruptedException {
        exchange.recorder().note("the CONNECTION_CLOSE is lost; the client goes on sending");
        Close close = closing.close();
        if (close == null || !exchange.takeOver()) {
            throw new IllegalStateException("no close, or no keys");
        }
        long roundTrip = exchange.roundTrip();
        long watch = Math.min(patience.toNanos(), Math.max(SHORTEST_WATCH, 9 * probeTimeout(roundTrip)));
        long pause = Math.max(SHORTEST_PAUSE, roundTrip / 4);
        long end = closing.nanos() + watch;
        int pings = 0;
        int repeats = 0;
        int identical = 0;
        int others = 0;
        long lastRepeat = 0;
        long last = closing.nanos();
        Packet reset = null;
        while (reset == null && System.nanoTime() < end) {
            exchange.ping();
            pings++;
            long pinged = System.nanoTime();
            long next = in(pause);
            for (Packet packet = exchange.wire().next(next); packet != null && reset == null;
                    packet = exchange.wire().next(next)) {
                last = packet.nanos();
                if (packet.close() != null) {
                    repeats++;
                    // The first flights are slowed down by certificates, and by all that is done for the first time.
                    roundTrip = packet.nanos() > pinged ? Math.min(roundTrip, packet.nanos() - pinged) : roundTrip;
                    identical += packet.datagram().equals(closing.datagram()) ? 1 : 0;
                    lastRepeat = last - closing.nanos();
                } else if (packet.maybeReset()) {
                    reset = packet;
                } else if (packet.number() > closing.number()) {
                    others++;
                }
            }
        }
        boolean confirmed = reset != null && exchange.isReset(reset.datagram());
        ClosingPeriod period = new ClosingPeriod(close, roundTrip, pings, repeats, identical, lastRepeat, others,
                System.nanoTime() - last, reset == null ? 0 : reset.length(), confirmed,
                reset == null ? 0 : reset.nanos() - closing.nanos());
        QuicFindings.ofClosing(period, provoked, exchange.recorder().id()).forEach(this::add);
    }

    private static long probeTimeout(long roundTrip) {
        return 3 * roundTrip + MAX_ACK_DELAY;
    }

    // We close first

    /**
     * What came after our close.
     *
     * @param answer the peer's own close, or {@code null}
     * @param answerAfter how long after ours it came
     * @param answers how many closes came
     * @param others packets that are no closes and came after the peer must have known
     * @param reset the length of a datagram that may be a stateless reset, 0 if none came
     * @param resetConfirmed whether its token is right
     */
    record AfterOurClose(@Nullable Close answer, long answerAfter, int answers, int others, int reset,
            boolean resetConfirmed) {
    }

    private void ourClose() throws InterruptedException {
        try (QuicExchange exchange = connect("our_close", "We close with code and reason, then send late packets")) {
            requestOf(exchange);
            awaitStreamData(exchange, in(Math.min(patience.toNanos(), SHORTEST_WATCH) / 4));
            if (!exchange.takeOver()) {
                add(QuicFindings.notAsked("the keys of the connection are not known", exchange.recorder()));
                return;
            }
            QuicFindings.ofOurClose(closeAndWatch(exchange), exchange.recorder().id()).forEach(this::add);
        } catch (IOException e) {
            add(QuicFindings.notAsked(String.valueOf(e.getMessage()), latest()));
        }
    }

    /** So that the close meets a peer that is sending, if it has anything to send. */
    private static void awaitStreamData(QuicExchange exchange, long deadline) throws InterruptedException {
        Packet packet = exchange.wire().next(deadline);
        while (packet != null && packet.frames().stream().noneMatch(frame -> frame.data() != null)) {
            packet = exchange.wire().next(deadline);
        }
    }

    private AfterOurClose closeAndWatch(QuicExchange exchange) throws InterruptedException {
        long roundTrip = exchange.roundTrip();
        long grace = 2 * roundTrip + GRACE;
        long closed = System.nanoTime();
        exchange.close(OUR_CODE, OUR_REASON);
        long knows = closed + grace;
        long late = closed + Math.min(patience.toNanos(), 3 * probeTimeout(roundTrip) + GRACE);
        long end = late + Math.min(patience.toNanos(), SHORTEST_WATCH);
        long nextPing = late;
        long pause = Math.max(SHORTEST_WATCH / LATE_PINGS, roundTrip);
        int copies = 1;
        Close answer = null;
        long answerAfter = 0;
        int answers = 0;
        int others = 0;
        Packet reset = null;
        while (reset == null && System.nanoTime() < end) {
            Packet packet = exchange.wire().next(Math.min(nextPing, end));
            if (packet == null) {
                // A copy first: a peer that has lost the close would answer the others in good faith.
                if (copies < COPIES) {
                    copies++;
                    exchange.close(OUR_CODE, OUR_REASON);
                } else {
                    exchange.ping();
                }
                nextPing = in(pause);
            } else if (packet.close() != null) {
                answers++;
                answer = answer == null ? packet.close() : answer;
                answerAfter = answerAfter == 0 ? packet.nanos() - closed : answerAfter;
            } else if (packet.maybeReset()) {
                reset = packet;
            } else if (packet.isReadable() && packet.nanos() > knows) {
                if (copies < COPIES) {
                    copies++;
                    exchange.close(OUR_CODE, OUR_REASON);
                    knows = in(grace);
                } else {
                    others++;
                }
            }
        }
        boolean confirmed = reset != null && exchange.isReset(reset.datagram());
        return new AfterOurClose(answer, answerAfter, answers, others,
                reset == null ? 0 : reset.length(), confirmed);
    }
}

package io.closenotify.testsuite.soak;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownResult;
import io.closenotify.quic.QuicCloseDelivery;
import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicShutdownMode;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.StreamFlush;
import io.closenotify.testkit.Direction;
import io.closenotify.testsuite.soak.DatagramWire.Carried;
import io.closenotify.testsuite.soak.QuicApplication.Told;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Judges the outcomes of both ends of a QUIC connection by the datagrams that the relay carried, which are encrypted,
 * and by what the other end wrote, read and said. Each rule stands with its source.
 */
final class QuicOracle {

    /** RFC 9000, section 13.2.2: a receiver may acknowledge every second packet; none is larger than this. */
    private static final int TWO_PACKETS = 2 * 1_500;

    private final QuicEvidence evidence;
    private final Told end;
    private final Told peer;
    private final Carried in;
    private final Carried out;
    private final QuicShutdownOutcome outcome;
    private final Complaints complaints;

    private QuicOracle(QuicEvidence evidence, Direction sends) {
        this.evidence = evidence;
        end = evidence.sender(sends);
        peer = evidence.sender(sends.opposite());
        in = evidence.carried(sends.opposite());
        out = evidence.carried(sends);
        outcome = end.outcome();
        complaints = new Complaints(sends);
    }

    static List<String> judge(QuicEvidence evidence) {
        return Complaints.ofBothEnds(sends -> new QuicOracle(evidence, sends).judgeEnd());
    }

    private List<String> judgeEnd() {
        complaints.requireOneOutcome(end);
        judgeResult();
        judgeClose();
        judgeData();
        if (evidence.scenario().trouble().isHarmless()) {
            judgeHarmless();
        }
        return complaints.found();
    }

    private void judgeResult() {
        boolean flushes = end.script().flush() == StreamFlush.ACKNOWLEDGED;
        switch (outcome.result()) {
            // "Everything was acknowledged, or nothing was to be flushed, and our CONNECTION_CLOSE is on the wire; or
            // the peer closed while nothing of ours was pending".
            case CLEAN -> complaints.require(outcome.remote()
                    ? outcome.delivery() == QuicCloseDelivery.PEER_CONFIRMED
                    : outcome.delivery() == QuicCloseDelivery.ON_WIRE && outcome.mode() == QuicShutdownMode.COMPLIANT
                            && (!flushes || outcome.bytesUnacknowledged() == 0), "CLEAN with a close on its way");
            // "The same for a rapid close".
            case UNIDIRECTIONAL -> complaints.require(outcome.mode() == QuicShutdownMode.RAPID && !outcome.remote()
                    && outcome.delivery() == QuicCloseDelivery.ON_WIRE
                    && (!flushes || outcome.bytesUnacknowledged() == 0), "UNIDIRECTIONAL is a rapid close on its way");
            // "Data was not acknowledged in time [or before the peer closed], or the CONNECTION_CLOSE could not be
            // sent".
            case FLUSH_FAILED -> {
                complaints.require(outcome.bytesUnacknowledged() != 0
                        || outcome.delivery() == QuicCloseDelivery.NOT_SENT, "FLUSH_FAILED with nothing left to flush");
                complaints.require(outcome.remote() || evidence.scenario().mayBeSilent(),
                        "FLUSH_FAILED without a reason");
            }
            // "Idle timeout": what the peer said was lost, or it said nothing.
            case PEER_SILENT -> {
                complaints.require(evidence.scenario().mayBeSilent() && (in.lostSome()
                        || peer.outcome().delivery() != QuicCloseDelivery.ON_WIRE),
                        "PEER_SILENT only if the peer's close was lost, or never sent");
                complaints.require(outcome.initiator() == ShutdownInitiator.TRANSPORT || end.asked(),
                        "an idle timeout is the transport's");
            }
            // RESET: a stateless reset, or the UDP channel; ABORTED: the handshake, force, an error of the protocol.
            default -> complaints.require(false, outcome.result() + " cannot be");
        }
    }

    private void judgeClose() {
        QuicConnectionClose close = outcome.close();
        if (outcome.remote()) {
            QuicConnectionClose said = peer.outcome().close();
            // "As it was received", "full 62-bit code": what the peer says it has sent.
            complaints.require((close != null && !peer.outcome().remote() && close.equals(said))
                    || bothClosed(close), "told " + close + ", the peer sent " + said);
            // QuicCloseDelivery: "the peer closed the connection itself".
            complaints.require(outcome.delivery() == QuicCloseDelivery.PEER_CONFIRMED, "the peer knows of its own");
            // QuicPeerCloseEvent: "goes through the pipeline when it has arrived".
            complaints.require(end.peerCloses().equals(List.of(close == null ? "none" : close)),
                    "the event tells what the outcome does: " + end.peerCloses());
            complaints.require(peer.asked(), "the peer closed without being asked to");
        } else if (close != null) {
            QuicConnectionClose wanted = end.script().close();
            // "As it was sent (reason cut)".
            complaints.require(close.application() == wanted.application() && close.errorCode() == wanted.errorCode()
                    && wanted.reason().startsWith(close.reason()), "sent " + close + ", asked for " + wanted);
            complaints.require(outcome.delivery() != QuicCloseDelivery.ON_WIRE || end.asked(),
                    "closed without being asked to");
        }
        // "Who ended the connection first".
        complaints.require(outcome.initiator() != ShutdownInitiator.LOCAL || end.asked(), "nobody here began it");
        complaints.require(outcome.initiator() != ShutdownInitiator.PEER || peer.asked(), "the peer did not begin it");
    }

    /** Each had sent its own, and met the other's. */
    private boolean bothClosed(@Nullable QuicConnectionClose close) {
        QuicConnectionClose wanted = peer.script().close();
        return close != null && peer.asked() && close.application() == wanted.application()
                && close.errorCode() == wanted.errorCode() && wanted.reason().startsWith(close.reason());
    }

    private void judgeData() {
        complaints.require(end.intact() && end.received() <= peer.script().bytes(), "what is read is what was written");
        // bytesUnacknowledged: "negative if it is not known"; "with StreamFlush.NONE nothing was waited for, and it is
        // what was open when the close was sent".
        if (!outcome.isSuccess() || outcome.bytesUnacknowledged() < 0
                || (outcome.initiator() == ShutdownInitiator.LOCAL && end.script().flush() == StreamFlush.NONE)) {
            return;
        }
        // StreamFlush.ACKNOWLEDGED, and bytesUnacknowledged: "no more than two packets do not spoil the result", "zero
        // if all is known to be acknowledged". What is acknowledged has been carried.
        long mayBeMissing = outcome.bytesUnacknowledged() == 0 ? 0 : TWO_PACKETS;
        long carried = out.forwarded().stream().mapToLong(datagram -> datagram.length).sum();
        complaints.require(carried >= end.written() - mayBeMissing, outcome.bytesUnacknowledged()
                + " bytes unacknowledged, but " + carried + " of " + end.written() + " were carried");
        // And the peer's application has it, unless that closed over it: acknowledged is not processed.
        complaints.require(peer.asked() || peer.received() >= end.written() - mayBeMissing,
                "flushed " + end.written() + " bytes, the peer read " + peer.received());
    }

    /** Nothing was kept from anybody. */
    private void judgeHarmless() {
        ShutdownResult result = outcome.result();
        // "Before the peer closed": which may be over packets that it has read, and never acknowledged.
        boolean pending = result == ShutdownResult.FLUSH_FAILED && outcome.remote()
                && (end.script().bytes() > 0 || end.asked());
        complaints.require(outcome.isSuccess() || pending, "no fault explains it");
        if (end.script().shutsDown() != peer.script().shutsDown()) {
            complaints.require(outcome.remote() == peer.script().shutsDown(), "who closed is told");
        }
    }
}

package io.closenotify.testsuite.soak;

import static io.closenotify.ShutdownMode.BIDIRECTIONAL;
import static io.closenotify.ShutdownMode.FAST;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationPolicy;
import io.closenotify.testkit.Direction;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.closenotify.testsuite.soak.TlsApplication.Told;
import io.closenotify.testsuite.soak.TlsWire.Carried;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * Judges the outcomes of both ends of a TLS connection by what the relay did. Each rule stands with its source: a
 * clause, or the Javadoc of {@link ShutdownOutcome} and {@link ShutdownResult}. Where those leave room, as for data
 * that a reset may have destroyed, there is no rule.
 */
final class TlsOracle {

    private final TlsEvidence evidence;
    private final Told end;
    private final Told peer;
    private final Carried in;
    private final Carried out;
    private final ShutdownOutcome outcome;
    private final Complaints complaints;

    private TlsOracle(TlsEvidence evidence, Direction sends) {
        this.evidence = evidence;
        end = evidence.sender(sends);
        peer = evidence.sender(sends.opposite());
        in = evidence.carried(sends.opposite());
        out = evidence.carried(sends);
        outcome = end.outcome();
        complaints = new Complaints(sends);
    }

    static List<String> judge(TlsEvidence evidence) {
        return Complaints.ofBothEnds(sends -> new TlsOracle(evidence, sends).judgeEnd());
    }

    private List<String> judgeEnd() {
        complaints.requireOneOutcome(end);
        if (!end.handshakeDone()) {
            // ABORTED: "closed before the handshake was over".
            complaints.require(outcome.result() == ShutdownResult.ABORTED, "ABORTED before the handshake");
            complaints.require(!evidence.scenario().isHarmless(), "a handshake fails only by a fault");
            return complaints.found();
        }
        judgeResult();
        judgeFlags();
        judgeData();
        judgeNotices();
        if (evidence.scenario().isHarmless()) {
            judgeHarmless();
        }
        return complaints.found();
    }

    private void judgeResult() {
        switch (outcome.result()) {
            // "Both close_notify alerts were exchanged"; neither boundary nor IGNORE is in use here.
            case CLEAN -> complaints.require(outcome.closeNotifySent() && outcome.closeNotifyReceived()
                    && in.mayHavePassedAlert(), "CLEAN only if the peer's close_notify came");
            // "Ours reached the kernel, and not waiting was our choice"; with the peer's it is CLEAN.
            case UNIDIRECTIONAL -> {
                complaints.require(outcome.mode() == FAST && outcome.closeNotifySent()
                        && !outcome.closeNotifyReceived(), "UNIDIRECTIONAL is FAST without the peer's close_notify");
                complaints.require(!missedPeersAlert() || timedOut(outcome.lingerTime(), lingerOf()),
                        "UNIDIRECTIONAL though the peer's close_notify came within the linger");
            }
            // "No alert was sent, by choice".
            case QUIET -> complaints.require(outcome.mode() == ShutdownMode.QUIET && out.alerts() == 0,
                    "QUIET sends no close_notify");
            // "After our close_notify the peer ended the transport in good order instead of answering".
            case UNANSWERED -> complaints.require(outcome.mode() == BIDIRECTIONAL && outcome.closeNotifySent()
                    && outcome.initiator() == ShutdownInitiator.LOCAL && in.passedFin() && !missedPeersAlert(),
                    "UNANSWERED only by a FIN without close_notify, behind ours");
            // "Neither an answer nor the end of input came within peerTimeout".
            case PEER_SILENT -> {
                complaints.require(outcome.mode() == BIDIRECTIONAL && outcome.closeNotifySent()
                        && evidence.scenario().isImpatient(),
                        "PEER_SILENT only if something may be held back");
                complaints.require(timedOut(outcome.peerTime(), evidence.scenario().policy(end.script()).peerTimeout()),
                        "PEER_SILENT only after peerTimeout");
            }
            // "The input ended without the peer's close_notify" (RFC 8446, section 6.1).
            case TRUNCATED -> complaints.require(in.passedFin() && !missedPeersAlert()
                    && !outcome.closeNotifyReceived(), "TRUNCATED only by a FIN without close_notify");
            // "The transport was reset or failed".
            case RESET -> complaints.require(wasReset(), "RESET only by a reset");
            // "Did not reach the kernel: flushTimeout passed, a write failed, or the transport closed".
            case FLUSH_FAILED -> complaints.require(wasReset() || evidence.scenario().isImpatient(),
                    "FLUSH_FAILED only if the way out was barred");
            // No relay forges records, so that only a peer that gave up can send one.
            case FATAL_ALERT -> complaints.require(!peer.handshakeDone(), "nobody sent a fatal alert");
            // "Closed before the handshake was over, or forced".
            case ABORTED -> complaints.require(false, "nobody forced it");
        }
    }

    private void judgeFlags() {
        // closeNotifyReceived: "arrived, or counts as arrived (QUIET)".
        complaints.require(!outcome.closeNotifyReceived() || end.isQuiet() || in.mayHavePassedAlert(),
                "close_notify is received only if it was carried whole");
        complaints.require(outcome.closeNotifySent() || out.alerts() == 0, "a close_notify was sent, and not told");
        // Success: ours "reached the kernel", and then it passes the relay, unless that has stopped reading.
        complaints.require(!outcome.isSuccess() || end.isQuiet() || wasReset() || out.fault() == Fault.STALL
                || out.alerts() > 0, "a close_notify was told, and not sent");
        // One SSL_shutdown, one alert (io.closenotify.core).
        complaints.require(out.alerts() <= 1, "one close_notify, but " + out.alerts());
        // "Who ended the connection first".
        complaints.require(outcome.initiator() != ShutdownInitiator.LOCAL || end.asked(), "nobody here began it");
        complaints.require(outcome.initiator() != ShutdownInitiator.PEER || in.mayHavePassedAlert()
                || outcome.result() == ShutdownResult.FATAL_ALERT, "the peer did not begin it");
    }

    private void judgeData() {
        complaints.require(end.intact() && end.received() <= peer.submitted(), "what is read is what was written");
        // RFC 8446, section 6.1: close_notify ends the data, so that all in front of it has come.
        complaints.require(!outcome.closeNotifyReceived() || end.isQuiet()
                        || end.received() + outcome.bytesDiscarded() == peer.written(),
                "read and discarded " + (end.received() + outcome.bytesDiscarded()) + " of " + peer.written()
                        + " bytes in front of close_notify");
        // bytesNotFlushed: "written before the shutdown that the kernel never took".
        complaints.require(!outcome.isSuccess() || outcome.bytesNotFlushed() == 0,
                "a success leaves nothing unflushed");
        complaints.require(!outcome.isSuccess() || end.written() == end.submitted(),
                "a success wrote " + end.written() + " of " + end.submitted());
    }

    private void judgeNotices() {
        // TruncationPolicy: FAIL raises an exception through the pipeline, REPORT does not.
        boolean raises = end.script().onTruncation() == TruncationPolicy.FAIL;
        complaints.require(outcome.result() != ShutdownResult.TRUNCATED || end.truncations() == (raises ? 1 : 0),
                "a truncation is told as the policy says");
        complaints.require(end.truncations() == 0 || (raises && end.truncations() == 1 && !missedPeersAlert()
                && (end.isQuiet() || !outcome.closeNotifyReceived())), "a truncation was told that was none");
        // PeerCloseNotifyEvent: once, when the peer's close_notify comes.
        complaints.require(end.peerCloses() == 0 || (end.peerCloses() == 1 && in.mayHavePassedAlert()),
                "told of a close_notify that never came");
        // TlsShutdownHandler: "a reset that ends an open connection goes through the pipeline as ever".
        complaints.require(end.exceptions().stream().allMatch(IOException.class::isInstance)
                && (end.exceptions().isEmpty() || wasReset() || !peer.handshakeDone()),
                "exceptions without a reset: " + end.exceptions());
    }

    /** Nothing was kept from anybody: the modes alone decide. */
    private void judgeHarmless() {
        ShutdownResult result = outcome.result();
        boolean peerIsQuiet = peer.outcome().result() == ShutdownResult.QUIET;
        boolean allowed = switch (outcome.mode()) {
            case QUIET -> result == ShutdownResult.QUIET || result == ShutdownResult.CLEAN
                    || isTruncatedByChoice(peerIsQuiet);
            case FAST -> result == (peerIsQuiet ? ShutdownResult.UNIDIRECTIONAL : ShutdownResult.CLEAN)
                    || isTruncatedByChoice(peerIsQuiet);
            case BIDIRECTIONAL -> result == (peerIsQuiet ? ShutdownResult.UNANSWERED : ShutdownResult.CLEAN)
                    || isTruncatedByChoice(peerIsQuiet);
        };
        complaints.require(allowed, "no fault explains it (the peer: " + peer.outcome().result() + ')');
        complaints.require(end.exceptions().isEmpty(), "no fault explains " + end.exceptions());
        if (outcome.mode() == BIDIRECTIONAL) {
            complaints.require(end.received() == peer.written(), "all of the peer's data comes");
        }
        if (end.script().shutsDown() != peer.script().shutsDown()) {
            // Who waits for data that the other end has thrown away is shut down in the end.
            complaints.require(!end.script().shutsDown() || outcome.initiator() == ShutdownInitiator.LOCAL,
                    "this end began it");
            complaints.require(end.script().shutsDown() || !outcome.closeNotifyReceived() || end.isQuiet()
                    || outcome.initiator() == ShutdownInitiator.PEER, "the peer began it");
        }
    }

    private boolean isTruncatedByChoice(boolean peerIsQuiet) {
        return peerIsQuiet && peer.script().shutsDown() && outcome.result() == ShutdownResult.TRUNCATED;
    }

    /**
     * The whole alert was in the kernel of this end, and nothing destroyed it there. (Who gives a handshake up sends
     * another one first, RFC 8446, section 6.1, and what that was cannot be seen.)
     */
    private boolean missedPeersAlert() {
        return in.passedAlert() && !wasReset() && peer.handshakeDone();
    }

    private boolean wasReset() {
        return Stream.of(in, out).anyMatch(each -> each.end() == End.RESET || each.end() == End.RELAY
                || each.fault() == Fault.RESET);
    }

    private Duration lingerOf() {
        return evidence.scenario().policy(end.script()).linger();
    }

    private static boolean timedOut(Duration took, Duration timeout) {
        return took.compareTo(timeout) >= 0;
    }
}

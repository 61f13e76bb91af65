package io.closenotify.testsuite.soak;

import static io.closenotify.ShutdownMode.BIDIRECTIONAL;
import static io.closenotify.ShutdownMode.FAST;
import static io.closenotify.ShutdownMode.QUIET;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.Direction;
import io.closenotify.testsuite.soak.DatagramWire.Carried;
import io.closenotify.testsuite.soak.DtlsApplication.Told;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Judges the outcomes of both ends of a DTLS connection by the datagrams that the relay saw: a record's type, epoch and
 * number are in the clear (RFC 6347, section 4.1). Each rule stands with its source.
 */
final class DtlsOracle {

    private static final int HEADER = 13;
    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int APPLICATION_DATA = 23;

    private final DtlsEvidence evidence;
    private final Told end;
    private final Told peer;
    private final List<Entry> came;
    private final List<Entry> peerSent;
    private final List<Entry> sent;
    private final ShutdownOutcome outcome;
    private final Complaints complaints;

    /** A record under encryption. */
    private record Entry(int type, long number) {
    }

    private DtlsOracle(DtlsEvidence evidence, Direction sends) {
        this.evidence = evidence;
        end = evidence.sender(sends);
        peer = evidence.sender(sends.opposite());
        Carried in = evidence.carried(sends.opposite());
        came = records(in.forwarded());
        peerSent = records(in.arrived());
        sent = records(evidence.carried(sends).arrived());
        outcome = end.outcome();
        complaints = new Complaints(sends);
    }

    static List<String> judge(DtlsEvidence evidence) {
        return Complaints.ofBothEnds(sends -> new DtlsOracle(evidence, sends).judgeEnd());
    }

    private static List<Entry> records(List<byte[]> datagrams) {
        List<Entry> records = new ArrayList<>();
        for (byte[] datagram : datagrams) {
            ByteBuffer bytes = ByteBuffer.wrap(datagram);
            while (bytes.remaining() >= HEADER) {
                int type = bytes.get();
                bytes.getShort();
                int epoch = bytes.getShort();
                long number = (bytes.getShort() & 0xffffL) << 32 | (bytes.getInt() & 0xffffffffL);
                int length = Math.min(bytes.getShort() & 0xffff, bytes.remaining());
                bytes.position(bytes.position() + length);
                if (epoch == 1) {
                    records.add(new Entry(type, number));
                }
            }
        }
        return records;
    }

    private static OptionalLong alert(List<Entry> records) {
        return records.stream().filter(each -> each.type == ALERT).mapToLong(Entry::number).min();
    }

    private List<String> judgeEnd() {
        complaints.requireOneOutcome(end);
        judgeResult();
        judgeFlags();
        judgeData();
        if (evidence.scenario().trouble().isHarmless()) {
            judgeHarmless();
        }
        return complaints.found();
    }

    private void judgeResult() {
        switch (outcome.result()) {
            // "Both close_notify alerts were exchanged".
            case CLEAN -> complaints.require(outcome.closeNotifySent() && outcome.closeNotifyReceived()
                    && alert(came).isPresent(), "CLEAN only if the peer's close_notify came");
            // "Not waiting was our choice".
            case UNIDIRECTIONAL -> complaints.require(outcome.mode() == FAST && outcome.closeNotifySent()
                    && !outcome.closeNotifyReceived(), "UNIDIRECTIONAL is FAST without the peer's close_notify");
            // "No alert was sent, by choice".
            case QUIET -> complaints.require(outcome.mode() == QUIET && alert(sent).isEmpty(),
                    "QUIET sends no close_notify");
            // "No answer within peerTimeout": lost, or never sent.
            case PEER_SILENT -> {
                complaints.require(outcome.mode() == BIDIRECTIONAL && outcome.closeNotifySent()
                        && !outcome.closeNotifyReceived(), "PEER_SILENT is BIDIRECTIONAL without an answer");
                complaints.require(outcome.peerTime()
                        .compareTo(evidence.scenario().policy(end.script()).peerTimeout()) >= 0,
                        "PEER_SILENT only after peerTimeout");
                complaints.require(evidence.scenario().mayBeSilent(), "PEER_SILENT without a reason");
            }
            // DtlsHandler: "there is no end of input over datagrams"; nothing here resets, forges or forces.
            default -> complaints.require(false, outcome.result() + " cannot be");
        }
    }

    private void judgeFlags() {
        // closeNotifyReceived: "arrived, or counts as arrived (QUIET)".
        complaints.require(!outcome.closeNotifyReceived() || outcome.mode() == QUIET || alert(came).isPresent(),
                "close_notify is received only if it was carried");
        complaints.require(outcome.closeNotifySent() || alert(sent).isEmpty(), "a close_notify was sent, and not told");
        complaints.require(!outcome.isSuccess() || outcome.mode() == QUIET || alert(sent).isPresent(),
                "a close_notify was told, and not sent");
        // DtlsHandler: "the same record" is repeated; RFC 6347, section 4.1.2.6 needs that for it to count once.
        complaints.require(sent.stream().filter(each -> each.type == ALERT).distinct().count() <= 1,
                "one close_notify, though repeated");
        // "Who ended the connection first".
        complaints.require(outcome.initiator() != ShutdownInitiator.LOCAL || end.asked(), "nobody here began it");
        complaints.require(outcome.initiator() != ShutdownInitiator.PEER || alert(came).isPresent(),
                "the peer did not begin it");
    }

    private void judgeData() {
        // RFC 6347, section 4.1.2.6: a record counts once.
        complaints.require(end.intact(), "each message whole, and once");
        complaints.require(end.received() <= peer.written(), "only what was written is read");
        complaints.require(!outcome.isSuccess() || end.written() == end.script().messages()
                || !end.script().shutsDown() || peer.script().shutsDown(),
                "a success wrote " + end.written() + " of " + end.script().messages());
        if (!outcome.closeNotifyReceived() || outcome.mode() == QUIET) {
            // missingAtMost: "-1 without a close_notify of the peer's".
            complaints.require(outcome.closeNotifyReceived() || outcome.missingAtMost() == -1,
                    "missingAtMost is not known without close_notify");
            return;
        }
        // missingAtMost: "how many records, at most, that the peer sent before its close_notify never arrived".
        long alert = alert(came).orElse(0);
        Set<Entry> lost = new HashSet<>(peerSent);
        lost.removeIf(each -> each.type != APPLICATION_DATA || each.number >= alert || came.contains(each));
        complaints.require(outcome.missingAtMost() >= lost.size(),
                lost.size() + " records were lost, missingAtMost " + outcome.missingAtMost());
        if (outcome.mode() == BIDIRECTIONAL) {
            complaints.require(end.received() + outcome.missingAtMost() >= peer.written(), "read " + end.received()
                    + " of " + peer.written() + " messages, missingAtMost " + outcome.missingAtMost());
        }
        // "Those of a Finished that was repeated count, too": without one, nothing lost is nothing missing.
        boolean repeated = peerSent.stream().filter(each -> each.type == HANDSHAKE).distinct().count() > 1;
        complaints.require(evidence.scenario().trouble().kind() != UdpFault.Kind.NONE || repeated
                || outcome.missingAtMost() == 0, "nothing was lost, missingAtMost " + outcome.missingAtMost());
    }

    /** Nothing was kept from anybody: the modes alone decide. */
    private void judgeHarmless() {
        ShutdownResult result = outcome.result();
        boolean peerIsQuiet = peer.outcome().mode() == QUIET;
        boolean allowed = switch (outcome.mode()) {
            case QUIET -> result == ShutdownResult.QUIET;
            case FAST -> result == ShutdownResult.UNIDIRECTIONAL || (!peerIsQuiet && result == ShutdownResult.CLEAN);
            case BIDIRECTIONAL -> result == (peerIsQuiet ? ShutdownResult.PEER_SILENT : ShutdownResult.CLEAN)
                    || (evidence.scenario().mayBeSilent() && result == ShutdownResult.PEER_SILENT);
        };
        complaints.require(allowed, "no fault explains it (the peer: " + peer.outcome().result() + ')');
    }
}

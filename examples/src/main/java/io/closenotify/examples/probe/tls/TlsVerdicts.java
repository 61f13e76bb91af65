package io.closenotify.examples.probe.tls;

import static io.closenotify.examples.probe.Verdict.Grade.BAD;
import static io.closenotify.examples.probe.Verdict.Grade.GOOD;
import static io.closenotify.examples.probe.Verdict.Grade.UNKNOWN;
import static io.closenotify.examples.probe.Verdict.Grade.WEAK;

import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Grades what was seen. Bad is what breaks a MUST, loses data or leaks a connection; weak what is allowed but leaves
 * something to wish for.
 */
final class TlsVerdicts {

    private static final String OWN_ALERT =
            "RFC 8446, 6.1: each party MUST send close_notify before it closes its write side";
    private static final String OWN_ALERT_12 =
            "RFC 5246, 7.2.1: the other party MUST respond with close_notify and close down immediately";
    private static final String LEAK = "fact: a peer that neither answers nor ends TCP holds both ends until somebody's"
            + " timeout (RFC 8446 demands no answer)";
    private static final String READ_SIDE = "RFC 8446, 6.1: close_notify has no effect on the other direction";
    private static final String DISCARDS_12 = "RFC 5246, 7.2.1: on close_notify pending writes may be discarded";
    private static final String STAGED =
            "RFC 9112, 9.6: close in stages, or a reset destroys what the other side has not read";
    private static final String TRUNCATION = "RFC 8446, 6.1: without close_notify nobody knows that all was received";

    private TlsVerdicts() {
    }

    /**
     * What an answer should be.
     *
     * @param bytes of another answer that nothing was done to
     * @param doubt why an answer tells nothing, or {@code null}
     */
    record Expected(long bytes, @Nullable String doubt) {
    }

    private static String ownAlert(Observation seen) {
        return seen.isTls13() ? OWN_ALERT
                : "RFC 5246, 7.2.1: each party is required to send close_notify before it closes its write side";
    }

    static Verdict notAsked(String id, String question, String why) {
        return new Verdict(id, question, UNKNOWN, why, "the connection failed", id);
    }

    // We close first

    static List<Verdict> closeFirst(Observation seen, Duration patience) {
        return List.of(answersCloseNotify(seen, patience), endsTcp(seen, patience), dataAfterCloseNotify(seen));
    }

    private static Verdict answersCloseNotify(Observation seen, Duration patience) {
        String rule = seen.isTls13() ? OWN_ALERT : OWN_ALERT_12;
        String id = "answers_close_notify";
        String question = "answers our close_notify";
        if (seen.gotCloseNotify() && !cameAfterOurFin(seen, seen.closeNotifyReceivedAt())) {
            return verdict(id, question, GOOD, "close_notify after "
                    + span(seen.closeNotifySentAt(), seen.closeNotifyReceivedAt()), rule, seen);
        }
        if (seen.gotCloseNotify()) {
            return verdict(id, question, WEAK, "not within " + span(patience) + ", but after our FIN", rule, seen);
        }
        if (seen.alert() != null) {
            return verdict(id, question, BAD, "fatal alert " + seen.alert(), rule, seen);
        }
        if (seen.isFlooded()) {
            return verdict(id, question, BAD, "data without end instead", rule, seen);
        }
        if (seen.ended() && !cameAfterOurFin(seen, seen.endReceivedAt())) {
            return verdict(id, question, BAD, end(seen) + " without close_notify after "
                    + span(seen.closeNotifySentAt(), seen.endReceivedAt()), rule, seen);
        }
        return verdict(id, question, BAD, "nothing within " + span(patience), seen.isTls13() ? LEAK : rule, seen);
    }

    private static Verdict endsTcp(Observation seen, Duration patience) {
        String id = "ends_tcp";
        String question = "ends TCP behind our close_notify";
        if (seen.isFlooded()) {
            return verdict(id, question, BAD, "goes on sending without end", LEAK, seen);
        }
        if (!seen.ended()) {
            return verdict(id, question, BAD, "never: neither within " + span(patience) + " of our close_notify nor of"
                    + " our FIN", LEAK, seen);
        }
        String after = span(seen.closeNotifySentAt(), seen.endReceivedAt());
        if (cameAfterOurFin(seen, seen.endReceivedAt())) {
            return verdict(id, question, WEAK, "not by itself within " + span(patience) + ": " + end(seen)
                    + " only after our FIN", LEAK, seen);
        }
        return seen.gotFin()
                ? verdict(id, question, GOOD, "FIN after " + after, LEAK, seen)
                : verdict(id, question, WEAK, "RST after " + after + ": it had not read everything", STAGED, seen);
    }

    private static Verdict dataAfterCloseNotify(Observation seen) {
        long bytes = seen.dataBytesAfterCloseNotify();
        String rule = seen.isTls13() ? READ_SIDE : DISCARDS_12;
        Grade grade = seen.isFlooded() ? BAD : bytes == 0 || seen.isTls13() ? GOOD : WEAK;
        return verdict("data_after_close_notify", "data behind our close_notify", grade,
                bytes == 0 ? "none" : bytes + " bytes" + (grade == GOOD ? ", which is allowed" : ""), rule, seen);
    }

    // The peer closes first

    static List<Verdict> peerCloses(Observation seen, Duration patience) {
        return List.of(sendsCloseNotify(seen, patience), lateAnswer(seen, patience));
    }

    private static Verdict sendsCloseNotify(Observation seen, Duration patience) {
        String rule = ownAlert(seen);
        String id = "sends_close_notify";
        String question = "sends close_notify when it closes first";
        if (seen.gotCloseNotify()) {
            return verdict(id, question, GOOD, "close_notify" + (seen.lastDataAt() == Observation.NEVER ? ""
                    : " " + span(seen.lastDataAt(), seen.closeNotifyReceivedAt()) + " after its data"), rule, seen);
        }
        if (seen.alert() != null) {
            return verdict(id, question, BAD, "fatal alert " + seen.alert(), rule, seen);
        }
        if (seen.isFlooded() || !seen.ended()) {
            return verdict(id, question, UNKNOWN, seen.isFlooded() ? "its answer has no end"
                    : "did not close within " + span(patience) + " of the request", rule, seen);
        }
        return verdict(id, question, BAD, "bare " + end(seen) + ": its data may be cut", rule, seen);
    }

    private static Verdict lateAnswer(Observation seen, Duration patience) {
        String id = "late_answer";
        String question = "takes our late close_notify";
        if (!seen.gotCloseNotify()) {
            return verdict(id, question, UNKNOWN, "there was no close_notify to answer", STAGED, seen);
        }
        if (seen.closeNotifySentAt() == Observation.NEVER) {
            return verdict(id, question, UNKNOWN, (seen.gotRst() ? "RST came before it" : "it could not be sent"),
                    STAGED, seen);
        }
        if (seen.gotRst()) {
            return verdict(id, question, WEAK, "answers it by RST: it does not wait, nor read to the end", STAGED,
                    seen);
        }
        if (!seen.ended()) {
            return verdict(id, question, BAD, "keeps TCP open " + span(patience)
                    + " after both close_notify and our FIN", LEAK, seen);
        }
        return verdict(id, question, GOOD, seen.endReceivedAt() > seen.closeNotifySentAt()
                ? "waits for it; FIN after " + span(seen.closeNotifySentAt(), seen.endReceivedAt())
                : "no RST after " + span(seen.endReceivedAt(), seen.closeNotifySentAt()), STAGED, seen);
    }

    // A request together with our close_notify

    static List<Verdict> requestWithCloseNotify(Observation seen, Expected expected, Duration patience) {
        return List.of(
                delivered("request_with_close_notify", "answers a request that comes with close_notify", seen,
                        expected),
                endsAfterRequest(seen, patience));
    }

    private static Verdict delivered(String id, String question, Observation seen, Expected expected) {
        String rule = seen.isTls13() ? READ_SIDE : DISCARDS_12;
        long bytes = seen.dataBytes();
        if (seen.isFlooded()) {
            return verdict(id, question, UNKNOWN, "its answer has no end", rule, seen);
        }
        if (expected.doubt() != null) {
            return verdict(id, question, UNKNOWN, expected.doubt(), rule, seen);
        }
        if (bytes > 0 && isWhole(seen, expected)) {
            return verdict(id, question, GOOD, "in full, " + bytes + " bytes", rule, seen);
        }
        if (bytes == 0 && expected.bytes() == 0) {
            return verdict(id, question, UNKNOWN, "it answers such requests with no data at all", rule, seen);
        }
        return verdict(id, question, seen.isTls13() ? BAD : WEAK,
                bytes == 0 ? "the answer is lost" : "cut off after " + bytes + " bytes", rule, seen);
    }

    /** By its own account, which nothing outweighs; or else by close_notify, or by comparison with another answer. */
    private static boolean isWhole(Observation seen, Expected expected) {
        return seen.isHttp() ? seen.isWholeHttp()
                : seen.gotCloseNotify() || (expected.bytes() > 0 && seen.dataBytes() >= expected.bytes());
    }

    private static Verdict endsAfterRequest(Observation seen, Duration patience) {
        String id = "ends_after_request";
        String question = "ends behind that answer";
        if (seen.isFlooded() || !seen.answered()) {
            return verdict(id, question, BAD, seen.isFlooded() ? "goes on sending without end"
                    : "never, within " + span(patience), LEAK, seen);
        }
        String answer = seen.gotCloseNotify() ? "close_notify"
                : seen.alert() != null ? "fatal alert " + seen.alert() : "";
        if (!seen.ended()) {
            return verdict(id, question, WEAK, answer + ", but no FIN within " + span(patience), LEAK, seen);
        }
        String end = (answer.isEmpty() ? "" : answer + ", ") + end(seen) + " after "
                + span(seen.closeNotifySentAt(), seen.endReceivedAt());
        return verdict(id, question, seen.gotFin() ? GOOD : WEAK, end, LEAK, seen);
    }

    static List<Verdict> requestWithFin(Observation seen, Expected expected, Duration patience) {
        return List.of(
                delivered("request_with_fin", "answers a request that comes with close_notify and FIN", seen,
                        expected),
                ourTail(seen, expected, patience));
    }

    /**
     * No more can be seen of our data than how the peer's kernel ends TCP: one that closes with some of it unread
     * sends RST. What came behind our close_notify tells what a socket that is closed at once would have answered by
     * RST, over which the peer may lose what it has not read.
     */
    private static Verdict ourTail(Observation seen, Expected expected, Duration patience) {
        String id = "our_tail";
        String question = "reads all of ours on a fast close";
        String rule = "fact: a kernel whose socket is closed with input unread sends RST";
        String behind = seen.wireBytesAfterCloseNotify()
                + " bytes came behind our close_notify: a socket closed at once answers them by RST";
        if (seen.gotRst()) {
            boolean answered = expected.doubt() == null && seen.dataBytes() > 0
                    && isWhole(seen, expected);
            return verdict(id, question, answered ? WEAK : BAD, answered
                    ? "RST, but the request was answered" : "RST: it has not read everything", rule, seen);
        }
        if (seen.isFlooded() || !seen.ended()) {
            return verdict(id, question, BAD, seen.isFlooded() ? "goes on sending without end"
                    : "open " + span(patience) + " after our FIN", LEAK, seen);
        }
        return verdict(id, question, GOOD, "FIN, not RST; " + behind, rule, seen);
    }

    // Truncation

    /** Whether it told its application nobody can see from here, unless it objects. */
    static List<Verdict> truncation(Observation seen, Duration patience) {
        String id = "truncation";
        String question = "ends upon our FIN without close_notify";
        if (!seen.ended() || seen.isFlooded()) {
            return List.of(verdict(id, question, BAD, "stays open " + span(patience) + " after our FIN", LEAK, seen));
        }
        String after = " after " + span(seen.finSentAt(), seen.endReceivedAt());
        if (seen.alert() != null) {
            return List.of(verdict(id, question, GOOD, "objects by the fatal alert " + seen.alert() + ", " + end(seen)
                    + after, TRUNCATION, seen));
        }
        return List.of(seen.gotCloseNotify()
                ? verdict(id, question, GOOD, "close_notify, " + end(seen) + after + ", as if ours had come",
                        ownAlert(seen), seen)
                : verdict(id, question, WEAK, end(seen) + after + " without a word of TLS", ownAlert(seen), seen));
    }

    // Its data

    static List<Verdict> slowReader(Observation seen, Expected expected) {
        String id = "its_tail";
        String question = "loses nothing to a slow reader when it closes first";
        long bytes = seen.dataBytes();
        long whole = expected.bytes();
        String got = bytes + " bytes" + (whole > 0 ? " of " + whole : "");
        if (expected.doubt() != null) {
            return List.of(verdict(id, question, UNKNOWN, expected.doubt(), STAGED, seen));
        }
        if (seen.isFlooded() || !seen.ended()) {
            return List.of(verdict(id, question, UNKNOWN,
                    seen.isFlooded() ? "its answer has no end" : "did not close after the request", STAGED, seen));
        }
        if (!isWhole(seen, expected)) {
            return List.of(verdict(id, question, bytes == 0 && whole == 0 ? UNKNOWN : BAD,
                    got + ", then " + (seen.gotRst() ? "RST upon our close_notify" : end(seen)), STAGED, seen));
        }
        return List.of(seen.gotRst()
                ? verdict(id, question, WEAK, "RST upon our close_notify; " + got + " had left before", STAGED, seen)
                : verdict(id, question, GOOD, got + ", no RST", STAGED, seen));
    }

    // Sessions

    static Verdict resumption(
            Ending ending, @Nullable String alert, Observation seen, boolean resumed, boolean offered) {
        String id = "resumption_" + ending.label();
        String question = "session resumed after " + ending.label() + " close";
        String rule = "RFC 5246, 7.2.1: since TLS 1.1 a failure to close properly no longer forbids it";
        if (!offered) {
            return verdict(id, question, UNKNOWN, "the peer offers no resumption", rule, seen);
        }
        if (!resumed && alert != null) {
            return verdict(id, question, UNKNOWN, "its fatal alert " + alert + " upon that end forbids it",
                    "RFC 8446, 6: the session of a failed connection is not to be resumed", seen);
        }
        return resumed ? verdict(id, question, GOOD, "resumed (" + ending.what() + ")", rule, seen)
                : verdict(id, question, WEAK, "not resumed (" + ending.what() + "), others are", rule, seen);
    }

    // Words

    private static Verdict verdict(
            String id, String question, Grade grade, String finding, String rule, Observation seen) {
        return new Verdict(id, question, grade, finding, rule, seen.id());
    }

    private static boolean cameAfterOurFin(Observation seen, long micros) {
        return seen.finSentAt() != Observation.NEVER && micros > seen.finSentAt();
    }

    private static String end(Observation seen) {
        return seen.gotRst() ? "RST" : "FIN";
    }

    private static String span(long from, long to) {
        return String.format(Locale.ROOT, "%.1f ms", Math.max(0, to - from) / 1e3);
    }

    private static String span(Duration time) {
        return time.toMillis() + " ms";
    }
}

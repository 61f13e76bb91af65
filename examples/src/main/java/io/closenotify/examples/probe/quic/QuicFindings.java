package io.closenotify.examples.probe.quic;

import io.closenotify.examples.probe.Recorder;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import io.closenotify.examples.probe.quic.Frame.Close;
import io.closenotify.examples.probe.quic.QuicAudit.AfterOurClose;
import io.closenotify.examples.probe.quic.QuicAudit.ClosingPeriod;
import java.util.List;
import java.util.Locale;

/** What is to be said of what was seen. */
final class QuicFindings {

    /** Of a packet we make: RFC 9000, section 10.3, has a stateless reset smaller than what it answers. */
    private static final int LARGEST_RESET = 64;

    private static final long PROTOCOL_VIOLATION = 0x0a;

    /** RFC 9001, section 4.8: the alert no_application_protocol. */
    private static final long NO_APPLICATION_PROTOCOL = 0x100 + 120;

    private QuicFindings() {
    }

    /** A close for people. */
    static String describe(Close close) {
        if (!close.application() && close.code() == NO_APPLICATION_PROTOCOL) {
            return "transport code 0x178: no application protocol in common, try another --alpn";
        }
        return (close.application() ? "application code 0x" : "transport code 0x") + Long.toHexString(close.code())
                + (close.reason().isEmpty() ? ", no reason" : ", \"" + close.reason() + '"');
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }

    // The peer closes

    static Verdict responseDelivered(StreamLedger.Totals totals, boolean lostCount, String exchange) {
        String seen = totals.received() + " bytes on " + totals.streams() + " streams, " + totals.ended()
                + " of them ended";
        String question = "Did everything it had sent arrive before it closed?";
        String rule = "RFC 9000, section 10.2: a close ends all streams at once; what is lost is not sent again";
        if (lostCount) {
            return new Verdict("response_delivered", question, Grade.UNKNOWN, "too many gaps to count: " + seen, rule,
                    exchange);
        }
        return totals.missing() == 0
                ? new Verdict("response_delivered", question, Grade.GOOD, seen + ", without a gap", rule, exchange)
                : new Verdict("response_delivered", question, Grade.BAD,
                        seen + "; " + totals.missing() + " bytes never came", rule, exchange);
    }

    static Verdict notClosed(String why, Recorder recorder) {
        return new Verdict("close_says", "What does its close say?", Grade.UNKNOWN, "it was not made to close: " + why,
                "RFC 9000, section 10.2", recorder.id());
    }

    static Verdict ignoresError(boolean acknowledged, Recorder recorder) {
        return new Verdict("close_says", "What does its close say?", acknowledged ? Grade.BAD : Grade.WEAK,
                acknowledged ? "it acknowledged a HANDSHAKE_DONE frame and went on"
                        : "it sent no CONNECTION_CLOSE over a HANDSHAKE_DONE frame",
                "RFC 9000, sections 11.1 and 19.20: a server MUST treat it as an error, and SHOULD signal that",
                recorder.id());
    }

    static List<Verdict> ofClosing(ClosingPeriod period, boolean provoked, String exchange) {
        return List.of(says(period.close(), provoked, exchange), repeated(period, exchange),
                lingers(period, exchange), afterLinger(period, exchange));
    }

    private static Verdict says(Close close, boolean provoked, String exchange) {
        boolean right = provoked ? !close.application() && close.code() == PROTOCOL_VIOLATION
                : close.application() || close.code() == 0;
        return new Verdict("close_says", "What does its close say?", right ? Grade.GOOD : Grade.WEAK,
                describe(close) + (provoked ? ", over a HANDSHAKE_DONE frame" : ", by itself"),
                provoked ? "RFC 9000, section 19.20: PROTOCOL_VIOLATION (0x0a)"
                        : "RFC 9000, sections 10.2 and 20: an application's code, or NO_ERROR", exchange);
    }

    private static Verdict repeated(ClosingPeriod period, String exchange) {
        return new Verdict("close_repeated", "Is its close repeated when it was lost?",
                period.repeats() > 0 ? Grade.GOOD : Grade.WEAK,
                period.repeats() == 0 ? "no, in answer to " + period.pings() + " packets"
                        : period.repeats() + " times in answer to " + period.pings() + " packets"
                                + (period.identical() == period.repeats() ? ", the same datagram" : ""),
                "RFC 9000, sections 10.2.1 and 11.1: a lost close is sent again in answer to packets", exchange);
    }

    private static Verdict lingers(ClosingPeriod period, String exchange) {
        String question = "How long does it answer after its close?";
        String rule = "RFC 9000, section 10.2: closing SHOULD last three probe timeouts, each longer than a round trip";
        long least = 3 * period.roundTrip();
        if (period.repeats() == 0) {
            return new Verdict("lingers", question, Grade.WEAK, "not at all", rule, exchange);
        }
        return new Verdict("lingers", question, period.lastRepeat() >= least ? Grade.GOOD : Grade.WEAK,
                millis(period.lastRepeat()) + " at least; three round trips are " + millis(least), rule, exchange);
    }

    private static Verdict afterLinger(ClosingPeriod period, String exchange) {
        String question = "What do late packets get after its close?";
        String rule = "RFC 9000, sections 10.2.1 and 10.3: nothing but the close, then silence or a stateless reset";
        if (period.others() > 0) {
            // One or two are probes that a timer has sent; who answers most packets has not closed.
            return new Verdict("after_linger", question, 2 * period.others() > period.pings() ? Grade.BAD : Grade.WEAK,
                    period.others() + " packets that are no closes", rule, exchange);
        }
        if (period.reset() >= LARGEST_RESET) {
            return new Verdict("after_linger", question, Grade.BAD,
                    "a datagram of " + period.reset() + " bytes in answer to a smaller one",
                    "RFC 9000, section 10.3.3: a stateless reset MUST be smaller", exchange);
        }
        if (period.reset() > 0) {
            return new Verdict("after_linger", question, Grade.GOOD,
                    reset(period.reset(), period.resetConfirmed()) + ' ' + millis(period.resetAfter())
                            + " after the close", rule, exchange);
        }
        return new Verdict("after_linger", question, Grade.GOOD, "silence, for the last " + millis(period.silence()),
                rule, exchange);
    }

    private static String reset(int bytes, boolean confirmed) {
        return confirmed ? "a stateless reset of " + bytes + " bytes"
                : "a datagram of " + bytes + " bytes with the form of a stateless reset";
    }

    // We close

    static Verdict notAsked(String why, Recorder recorder) {
        return new Verdict("answers_our_close", "Does it answer our close?", Grade.UNKNOWN, why,
                "RFC 9000, section 10.2.2", recorder.id());
    }

    static List<Verdict> ofOurClose(AfterOurClose after, String exchange) {
        return List.of(answers(after, exchange), silent(after, exchange));
    }

    private static Verdict answers(AfterOurClose after, String exchange) {
        Close answer = after.answer();
        String finding;
        if (answer == null) {
            finding = "no";
        } else {
            boolean echo = answer.code() == QuicAudit.OUR_CODE;
            boolean none = answer.code() == 0;
            finding = (echo ? "by our own code" : none ? "by NO_ERROR" : "by another code") + ", "
                    + millis(after.answerAfter()) + " later: " + describe(answer);
        }
        return new Verdict("answers_our_close", "Does it answer our close?",
                after.answers() <= 1 ? Grade.GOOD : Grade.BAD,
                after.answers() > 1 ? finding + "; " + after.answers() + " times" : finding,
                "RFC 9000, section 10.2.2: it MAY send one CONNECTION_CLOSE, and MUST NOT send more", exchange);
    }

    private static Verdict silent(AfterOurClose after, String exchange) {
        String question = "Does it stop sending after our close?";
        String rule = "RFC 9000, sections 10.2.2 and 10.3: a draining endpoint MUST NOT send; later it may reset";
        if (after.others() > 0) {
            return new Verdict("silent_after_our_close", question, Grade.BAD,
                    after.others() + " packets that are no closes", rule, exchange);
        }
        return new Verdict("silent_after_our_close", question, Grade.GOOD,
                after.reset() == 0 ? "yes, and late packets get no answer"
                        : "yes; late packets get " + reset(after.reset(), after.resetConfirmed()), rule, exchange);
    }
}

package io.closenotify.testsuite.probe;

import io.closenotify.Protocol;
import io.closenotify.examples.probe.Exchange;
import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Exchange.Event;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reports such as an audit makes, and some that it should never make. */
final class SampleReports {

    static final String HOSTILE =
            "</b><script>alert(1)</script><img src=x onerror='alert(2)'>\" onclick=\"x \u202Eerised";

    private static final Instant STARTED = Instant.parse("2026-11-21T20:08:54Z");
    private static final String SUITE = "TLSv1.3, TLS_AES_256_GCM_SHA384, http/1.1";

    private SampleReports() {
    }

    /** An nginx: ten exchanges, a weak answer and a bad one. */
    static ProbeReport nginx() {
        List<Verdict> verdicts = List.of(
                verdict("answers", "Does it answer close_notify?", Grade.BAD,
                        "It ended TCP 0.6 ms after ours, without a close_notify of its own.",
                        "RFC 8446, section 6.1; RFC 5246, section 7.2.1", "idle"),
                verdict("data_after", "Does it send data after our close_notify?", Grade.GOOD,
                        "1,046 bytes came after ours, complete.", "RFC 8446, section 6.1", "back_to_back"),
                verdict("fin", "Does it end TCP by FIN or by RST?", Grade.GOOD, "FIN, 0.6 ms after our close_notify.",
                        "RFC 9293, section 3.6", "idle"),
                verdict("first", "Does it send close_notify when it closes first?", Grade.GOOD,
                        "close_notify, then FIN, after its last response.", "RFC 8446, section 6.1", "peer_first"),
                verdict("late_reply", "What becomes of our answer when it closes first?", Grade.WEAK,
                        "Our close_notify was answered by RST: it does not linger.",
                        "RFC 9112, section 9.6: a server should close in stages", "peer_first"),
                verdict("back_to_back", "Is the response delivered when request and close_notify come together?",
                        Grade.GOOD, "All 1,046 bytes.", "RFC 8446, section 6.1", "back_to_back"),
                verdict("truncation", "Does it notice when we end without close_notify?", Grade.UNKNOWN,
                        "It ended TCP by FIN and said nothing; only its log would tell.", "RFC 8446, section 6.1",
                        "bare_fin"),
                verdict("resumes_full", "Is the session resumable after a full close?", Grade.GOOD, "Resumed.",
                        "RFC 5246, section 7.2.1", "resume_full"),
                verdict("resumes_truncated", "Is the session resumable after a truncated close?", Grade.GOOD,
                        "Resumed.", "RFC 5246, section 7.2.1", "resume_truncated"),
                verdict("tail", "Is the tail of our data lost on a fast close?", Grade.UNKNOWN,
                        "The request's body was refused, so nothing could be counted.", "Measured", null));
        List<Exchange> exchanges = List.of(
                tls("idle", "We send close_notify and leave TCP open", sent(3.2, "close_notify", 24),
                        received(3.81, "FIN", -1), note(3.9, "The peer ended TCP without close_notify"),
                        sent(4.02, "FIN", -1)),
                tls("bare_fin", "We end TCP without close_notify", sent(3.1, "FIN", -1), received(3.6, "FIN", -1)),
                tls("peer_first", "The peer closes first", sent(3.3, "application_data", 121),
                        received(4.15, "application_data", 1068), received(4.16, "close_notify", 24),
                        received(4.17, "FIN", -1), note(1004, "We waited for 1 s"), sent(1004.2, "close_notify", 24),
                        received(1004.31, "RST", -1)),
                tls("back_to_back", "Request and close_notify back to back", sent(3.0, "application_data", 121),
                        sent(3.01, "close_notify", 24), received(3.9, "application_data", 1068),
                        received(4.0, "FIN", -1), sent(4.4, "FIN", -1)),
                tls("back_to_back_fin", "Request, close_notify and FIN back to back",
                        sent(3.0, "application_data", 121), sent(3.01, "close_notify", 24), sent(3.02, "FIN", -1),
                        received(3.9, "application_data", 1068), received(4.0, "FIN", -1)),
                tls("resume_full", "Resumption after a full close", sent(3.0, "close_notify", 24),
                        received(3.4, "FIN", -1)),
                tls("resume_fast", "Resumption after a fast close", sent(3.0, "close_notify", 24),
                        sent(3.02, "FIN", -1), received(3.4, "FIN", -1)),
                tls("resume_quiet", "Resumption after a quiet close", sent(3.0, "FIN", -1),
                        received(3.4, "FIN", -1)),
                tls("resume_truncated", "Resumption after a truncated close", sent(3.0, "RST", -1)),
                new Exchange("tail", "A megabyte and a fast close, while the peer reads slowly", List.of()));
        return report("www.example.com:443", Protocol.TLS, SUITE, verdicts, exchanges, null);
    }

    static ProbeReport quic() {
        return report("[2001:db8::7]:4433", Protocol.QUIC, "QUIC version 1, TLS_AES_128_GCM_SHA256, h3", List.of(
                        verdict("repeats", "Does it repeat CONNECTION_CLOSE for late packets?", Grade.GOOD,
                                "3 copies for 5 late packets: after the 1st, 2nd and 4th.", "RFC 9000, section 10.2.1",
                                "closing"),
                        verdict("echo", "Does its own close carry a code and a reason?", Grade.GOOD,
                                "Application code 0x100, reason “no error”.", "RFC 9000, section 19.19", "closing")),
                List.of(new Exchange("closing", "The peer closes; we go on sending", List.of(
                        sent(0, "Initial", 1200), received(21.5, "Initial, Handshake", 1200),
                        sent(23.01, "Handshake, 1-RTT", 312), received(44.2, "1-RTT", 1111),
                        sent(45, "1-RTT: STREAM 0, FIN", 77),
                        received(66.1, "CONNECTION_CLOSE (application, 0x100, “no error”)", 41),
                        note(67, "From here on we behave as if it had been lost"), sent(68, "1-RTT: PING", 29),
                        received(89.4, "CONNECTION_CLOSE (application, 0x100, “no error”)", 41),
                        sent(12068, "1-RTT: PING", 29), received(12089.9, "stateless reset", 43)))), null);
    }

    static ProbeReport unreachable() {
        return report("gone.example.net:443", Protocol.TLS, "", List.of(), List.of(),
                "cannot connect to gone.example.net:443: Connection refused");
    }

    /** What the peer chose, wherever its choice can show. */
    static ProbeReport hostile() {
        return report("evil.example.org:443", Protocol.QUIC, HOSTILE, List.of(
                        verdict("x\" onclick=\"x", "What did it say?", Grade.WEAK, HOSTILE, HOSTILE, "x y\"<z>")),
                List.of(new Exchange("x y\"<z>", HOSTILE, List.of(
                        sent(0.1, "application_data", 17), received(0.2, "CONNECTION_CLOSE " + HOSTILE, 1),
                        received(0.3, "a" + "very".repeat(60) + "LongWordWithoutAnyPlaceToBreakIt", 999_999_999_999L),
                        note(0.4, HOSTILE)))),
                HOSTILE);
    }

    /** An exchange of 5,000 events. */
    static ProbeReport busy() {
        List<Event> events = new ArrayList<>(handshake());
        IntStream.range(0, 4_990).mapToObj(i -> i % 2 == 0
                ? sent(5 + i, "application_data", 16_408)
                : received(5 + i, "application_data", 47)).forEach(events::add);
        events.add(sent(5_005, "close_notify", 24));
        events.add(received(5_006.5, "close_notify", 24));
        events.add(received(5_007, "FIN", -1));
        events.add(sent(5_008, "FIN", -1));
        return report("a-rather-long-name.of-a-host.in-a-deep-subdomain.internal.example.com:65535", Protocol.TLS,
                "TLSv1.2, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", List.of(
                        verdict("tail", "Is the tail of our data lost on a fast close?", Grade.GOOD,
                                "All 40,937,960 bytes arrived.", "Measured", "tail")),
                List.of(new Exchange("tail", "A long upload and a fast close", events)), null);
    }

    static List<ProbeReport> all() {
        return List.of(nginx(), quic(), unreachable(), hostile(), busy());
    }

    private static ProbeReport report(String target, Protocol protocol, String negotiated, List<Verdict> verdicts,
            List<Exchange> exchanges, @Nullable String failure) {
        return new ProbeReport(target, protocol, negotiated, STARTED, Duration.ofMillis(7_312), verdicts, exchanges,
                failure);
    }

    private static Verdict verdict(String id, String question, Grade grade, String finding, String rule,
            @Nullable String exchange) {
        return new Verdict(id, question, grade, finding, rule, exchange);
    }

    private static Exchange tls(String id, String title, Event... ending) {
        List<Event> events = new ArrayList<>(handshake());
        events.addAll(Arrays.asList(ending));
        return new Exchange(id, title, events);
    }

    private static List<Event> handshake() {
        return List.of(sent(0, "SYN", -1), received(0.04, "SYN, ACK", -1), sent(0.41, "handshake: ClientHello", 412),
                received(1.73, "handshake: ServerHello", 127), received(1.74, "application_data", 1_391),
                sent(2.6, "application_data", 74));
    }

    private static Event sent(double millis, String what, long bytes) {
        return event(millis, Direction.SENT, what, bytes);
    }

    private static Event received(double millis, String what, long bytes) {
        return event(millis, Direction.RECEIVED, what, bytes);
    }

    private static Event note(double millis, String what) {
        return event(millis, Direction.NOTE, what, -1);
    }

    private static Event event(double millis, Direction direction, String what, long bytes) {
        return new Event(Math.round(millis * 1000), direction, what, bytes);
    }
}

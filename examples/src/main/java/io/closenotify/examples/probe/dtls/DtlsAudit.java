package io.closenotify.examples.probe.dtls;

import io.closenotify.Protocol;
import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.examples.probe.Recorder;
import io.closenotify.examples.probe.UdpAudit;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The connections of one audit, one after the other. */
final class DtlsAudit extends UdpAudit {

    private static final String ALERTS_ARE_LOST =
            "RFC 6347, section 4.2.7: alerts are not retransmitted; a lost one leaves the other side waiting";

    private static final Duration REPEAT_INTERVAL = Duration.ofMillis(200);
    private static final Duration REPEAT_PATIENCE = Duration.ofSeconds(1);

    private final Supplier<DtlsHandlerBuilder> handlers;
    private final Duration patience;
    private final byte @Nullable [] request;
    private int firstPort;
    private int laterPort;

    DtlsAudit(String host, int port, Supplier<DtlsHandlerBuilder> handlers, Duration patience,
            byte @Nullable [] request) {
        super(Protocol.DTLS, host, port);
        this.handlers = handlers;
        this.patience = patience;
        this.request = request;
    }

    @Override
    protected void run() throws IOException, InterruptedException {
        Boolean answered = firstConnection();
        try {
            if (sessions(answered == null ? full() : answered)) {
                answerLost();
            }
        } catch (IOException e) {
            unknown("serves_on", "Does it serve another client afterwards?",
                    "RFC 6347, section 4.2.8", String.valueOf(e.getMessage()));
        }
    }

    private DtlsExchange connect(String id, String title, int localPort) throws IOException, InterruptedException {
        return connect(id, title, localPort, patience.plus(REPEAT_PATIENCE), 0);
    }

    /** Loses so many alerts of the peer's, which may come with the end of the handshake. */
    private DtlsExchange connect(String id, String title, int localPort, Duration repeatInterval, int alertsLost)
            throws IOException, InterruptedException {
        Recorder recorder = begin(id, title);
        DtlsHandlerBuilder builder = handlers.get()
                .handshakeTimeout(DtlsExchange.ofHandshake(patience))
                .repeatInterval(repeatInterval)
                .peer(InetSocketAddress.createUnresolved(host(), peer().getPort()));
        DtlsWire wire = new DtlsWire(recorder, alertsLost);
        return DtlsExchange.connect(loop(), builder, peer(), localPort, patience, wire, recorder);
    }

    /** From a port that the server does not know, or, if it serves no other, from the first one. */
    private DtlsExchange connectAnew(String id, String title, Duration repeatInterval, int alertsLost)
            throws IOException, InterruptedException {
        try {
            return connect(id, title, laterPort, repeatInterval, alertsLost);
        } catch (IOException e) {
            if (laterPort == firstPort) {
                throw e;
            }
            laterPort = firstPort;
            return connect(id, title + ", from the port of the first connection", laterPort, repeatInterval,
                    alertsLost);
        }
    }

    private static ShutdownPolicy fast() {
        return ShutdownPolicy.fast().toBuilder().linger(Duration.ZERO).build();
    }

    private static ShutdownPolicy bidirectional(Duration patience) {
        return ShutdownPolicy.bidirectional().toBuilder().peerTimeout(patience).linger(Duration.ZERO).build();
    }

    private static long in(Duration time) {
        return System.nanoTime() + time.toNanos();
    }

    private Duration shorter(Duration time) {
        return patience.compareTo(time) < 0 ? patience : time;
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }

    private void add(String id, String question, Grade grade, String finding, String rule) {
        add(new Verdict(id, question, grade, finding, rule, latest().id()));
    }

    private void unknown(String id, String question, String rule, String why) {
        add(id, question, Grade.UNKNOWN, why, rule);
    }

    // Who closes first

    /** Returns whether the peer has answered our close_notify, or {@code null} if it has closed first. */
    private @Nullable Boolean firstConnection() throws IOException, InterruptedException {
        try (DtlsExchange exchange = connect("first", "A request, and whoever closes first", 0,
                patience.plus(REPEAT_PATIENCE), 1)) {
            negotiated(exchange.negotiated());
            firstPort = exchange.localPort();
            if (request != null) {
                exchange.send(request);
            }
            Long closed = exchange.wire().nextAlert(in(patience));
            if (closed == null) {
                exchange.recorder().note("the peer has not closed within " + patience.toMillis() + " ms");
                exchange.wire().loseNone();
                return answers(exchange);
            }
            peerClosed(exchange, closed);
            return null;
        }
    }

    private boolean full() throws IOException, InterruptedException {
        try (DtlsExchange exchange = connect("full", "We close at once", firstPort)) {
            return answers(exchange);
        }
    }

    private void peerClosed(DtlsExchange exchange, long closed) throws InterruptedException {
        Long again = exchange.wire().nextAlert(in(shorter(REPEAT_PATIENCE)));
        add("sends_close_notify", "Does it send close_notify when it closes first?", Grade.GOOD,
                "an encrypted alert, after " + exchange.received() + " bytes", "RFC 5246, section 7.2.1: MUST");
        add("repeats_close_notify", "Does it send close_notify again when that was lost?",
                again == null ? Grade.WEAK : Grade.GOOD,
                again == null ? "no, within " + shorter(REPEAT_PATIENCE).toMillis() + " ms"
                        : "yes, " + millis(again - closed) + " later", ALERTS_ARE_LOST);
        int late = exchange.wire().dataAfterAlert();
        add("silent_after_close_notify", "Does it send no data behind its close_notify?",
                late == 0 ? Grade.GOOD : Grade.BAD,
                late == 0 ? "none" : late + " records", "RFC 5246, section 7.2.1: no more data on the connection");
    }

    // Our close_notify

    /** One close_notify, not repeated. */
    private boolean answers(DtlsExchange exchange) throws InterruptedException {
        Long answer = answer(exchange);
        if (answer != null) {
            answered(answer - exchange.wire().alertSent());
        }
        return answer != null;
    }

    private @Nullable Long answer(DtlsExchange exchange) throws InterruptedException {
        exchange.shutdown(bidirectional(patience));
        return exchange.wire().nextAlert(in(patience));
    }

    private static final String ANSWERS = "Does it answer close_notify?";
    private static final String MUST_ANSWER = "RFC 5246, section 7.2.1: the other party MUST respond by a close_notify";

    private void answered(long nanos) {
        add("answers_close_notify", ANSWERS, Grade.GOOD,
                nanos > 0 ? "yes, " + millis(nanos) + " later" : "its own crossed ours", MUST_ANSWER);
    }

    private void answerLost() throws IOException, InterruptedException {
        try (DtlsExchange exchange = connectAnew("answer_lost",
                "Its answer is lost, and our close_notify repeated", REPEAT_INTERVAL, 1)) {
            Duration time = shorter(REPEAT_PATIENCE);
            exchange.shutdown(bidirectional(time));
            Long first = exchange.wire().nextAlert(in(time));
            Long second = first == null ? null : exchange.wire().nextAlert(in(time));
            add("answers_again", "Does it answer again when its answer was lost?",
                    first == null ? Grade.UNKNOWN : second == null ? Grade.WEAK : Grade.GOOD,
                    first == null ? "it did not answer this time"
                            : second == null ? "no, within " + time.toMillis() + " ms"
                            : "yes, " + millis(second - first) + " after the first answer", ALERTS_ARE_LOST);
        }
    }

    // What comes after a close

    private boolean sessions(boolean answeredFirst) throws IOException, InterruptedException {
        boolean answered = answeredFirst;
        String again = "Does it serve a new handshake from the address of a connection that was closed?";
        String rule = "RFC 6347, section 4.2.8: a ClientHello on a known address SHOULD begin a new handshake";
        try (DtlsExchange exchange = connect("again", "A new handshake from the same port", firstPort)) {
            add("new_handshake", again, Grade.GOOD, "yes", rule);
            resumes("full", exchange);
            if (!answered) {
                // A single alert may have been lost.
                answered = answers(exchange);
            }
        } catch (IOException e) {
            add("new_handshake", again, Grade.WEAK, String.valueOf(e.getMessage()), rule);
        }
        if (!answered) {
            add("answers_close_notify", ANSWERS, Grade.BAD, "no, within " + patience.toMillis() + " ms, twice",
                    MUST_ANSWER);
        }
        afterFastAndQuiet();
        return answered;
    }

    private void afterFastAndQuiet() throws IOException, InterruptedException {
        try (DtlsExchange exchange = connectAnew("to_be_fast", "A connection that ends by a fast close", patience, 0)) {
            exchange.shutdown(fast(), patience);
        }
        try (DtlsExchange quiet = connectAnew("after_fast",
                "A new handshake after a fast close; then we fall silent", patience, 0)) {
            resumes("fast", quiet);
            // To the peer it has ended without a word. It gets its close_notify behind the next connection.
            try (DtlsExchange exchange = connect("after_quiet", "A new handshake after a quiet end", 0)) {
                resumes("quiet", exchange);
            } catch (IOException e) {
                unknown("resumes_after_quiet", resumption("quiet end"), RESUMPTION,
                        "it serves nobody else meanwhile: " + e.getMessage());
            }
        }
    }

    private static final String RESUMPTION =
            "RFC 5246, section 7.2.1: an end without close_notify need not keep a session from being resumed";

    private static String resumption(String end) {
        return "Does a session resume after a " + end + "?";
    }

    private void resumes(String end, DtlsExchange exchange) {
        add("resumes_after_" + end, resumption(end.equals("quiet") ? "quiet end" : end + " close"),
                exchange.resumed() ? Grade.GOOD : Grade.WEAK, exchange.resumed() ? "yes" : "no", RESUMPTION);
    }
}

package io.closenotify.examples.probe.tls;

import io.closenotify.Protocol;
import io.closenotify.ShutdownPolicy;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.tls.TlsVerdicts.Expected;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The audit of one peer: its scenarios. */
final class TlsAudit {

    /** Of a reader whose peer cannot get rid of much. */
    private static final int SMALL_BUFFER = 8 << 10;

    /** Alerts of a server that does not like who we are; on a connection that is idle they are about nothing else. */
    private static final Set<String> OF_HANDSHAKE = Set.of("handshake_failure", "bad_certificate",
            "unsupported_certificate", "certificate_unknown", "unknown_ca", "access_denied", "certificate_required",
            "unrecognized_name", "no_application_protocol");
    private static final Duration RESPONSE_TIME = Duration.ofSeconds(2);

    /** The header of a record of 32 bytes, and eight of them. */
    private static final byte[] HALF_A_RECORD = {23, 3, 3, 0, 32, 1, 2, 3, 4, 5, 6, 7, 8};

    private final TlsProber prober;
    private volatile Wire.Target target;
    private final List<InetAddress> addresses;
    private final ExecutorService threads;
    private final Duration patience;
    private final Requests asked;
    private final Instant started = Instant.now();
    private final long start = System.nanoTime();
    private volatile String negotiated = "";
    private volatile @Nullable String protocol;

    TlsAudit(TlsProber prober, Wire.Target target, List<InetAddress> addresses, ExecutorService threads) {
        this.prober = prober;
        this.target = target;
        this.addresses = addresses;
        this.threads = threads;
        patience = target.patience();
        Requests requests = prober.requests();
        asked = requests != null ? requests : target.startTls().requests(target.host(), target.port());
    }

    ProbeReport run() throws InterruptedException {
        Conversation first = new Conversation("close_first",
                "We send close_notify on an idle connection and leave TCP open", 0, this::closeFirst);
        if (addresses.isEmpty()) {
            return report(List.of(), List.of(first), "unknown host: " + target.host());
        }
        // The whole audit is of the first one that can be reached.
        for (int i = 0; i < addresses.size() && !first.seen.isConnected(); i++) {
            target = target.at(addresses.get(i));
            first.run();
        }
        String failure = first.failure != null ? first.failure : refusal(first.seen);
        if (failure != null) {
            return report(List.of(), List.of(first), failure);
        }
        Conversation peerCloses = new Conversation("peer_closes",
                "The peer closes after a request, and we answer late", 0, this::peerCloses);
        Conversation together = new Conversation("request_with_close_notify",
                "A request and our close_notify in one write", 0,
                (wire, seen) -> requestAndCloseNotify(wire, seen, false));
        Conversation withFin = new Conversation("request_with_fin",
                "A request and our close_notify in one write, and FIN", 0,
                (wire, seen) -> requestAndCloseNotify(wire, seen, true));
        Conversation truncation = new Conversation("truncation",
                "We end an idle connection by FIN, without close_notify", 0, this::truncate);
        Conversation slow = new Conversation("slow_reader",
                "The peer closes after a request; we send close_notify before we read", SMALL_BUFFER,
                this::readSlowly);
        List<Resumption> resumptions = Arrays.stream(Ending.values()).map(Resumption::new).toList();

        List<Task> tasks = new ArrayList<>(List.of(peerCloses, together, withFin, truncation, slow));
        tasks.addAll(resumptions);
        runAll(tasks);

        List<Verdict> verdicts = new ArrayList<>(TlsVerdicts.closeFirst(first.seen, patience));
        verdicts.addAll(judge(peerCloses, seen -> TlsVerdicts.peerCloses(seen, patience)));
        Expected expected = new Expected(peerCloses.seen.dataBytes(), doubt());
        verdicts.addAll(judge(together, seen -> TlsVerdicts.requestWithCloseNotify(seen, expected, patience)));
        verdicts.addAll(judge(withFin, seen -> TlsVerdicts.requestWithFin(seen, expected, patience)));
        verdicts.addAll(judge(truncation, seen -> TlsVerdicts.truncation(seen, patience)));
        boolean closesFirst = peerCloses.seen.gotCloseNotify() || peerCloses.seen.ended();
        Expected tail = closesFirst || expected.doubt() != null ? expected
                : new Expected(expected.bytes(), "it does not close first");
        verdicts.addAll(judge(slow, seen -> TlsVerdicts.slowReader(seen, tail)));
        boolean offered = resumptions.stream().anyMatch(each -> each.resumed);
        if (offered) {
            // Once may be chance: a ticket that was late, or another process of the server's.
            runAll(resumptions.stream().filter(each -> !each.resumed && each.failure() == null).toList());
        }
        List<Conversation> all = new ArrayList<>(List.of(first, peerCloses, together, withFin, truncation, slow));
        for (Resumption resumption : resumptions) {
            all.add(resumption.before);
            all.add(resumption.again);
            verdicts.add(resumption.verdict(offered));
        }
        return report(verdicts, all, null);
    }

    /** A client that TLS 1.3 lets go on has finished its handshake before the server has looked at what it is. */
    private static @Nullable String refusal(Observation first) {
        String alert = first.alert();
        return alert == null || !OF_HANDSHAKE.contains(alert) ? null
                : "the peer refused the handshake by the fatal alert " + alert
                        + (alert.contains("certificate") ? ": it wants a client certificate" : "");
    }

    /** Why what the peer answers tells nothing. */
    private @Nullable String doubt() {
        return protocol == null || protocol.startsWith("http/1") || prober.requests() != null
                || target.startTls() != StartTls.NONE ? null
                : "it was asked by HTTP/1.1, but speaks " + protocol;
    }

    private void runAll(List<? extends Task> tasks) throws InterruptedException {
        List<Future<?>> running = new ArrayList<>();
        tasks.forEach(task -> running.add(threads.submit(task)));
        for (Future<?> each : running) {
            try {
                each.get();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
        // A server that takes one connection at a time has kept some of them waiting for too long.
        tasks.stream().filter(task -> task.failure() != null).forEach(Task::run);
    }

    private static List<Verdict> judge(Conversation conversation, Function<Observation, List<Verdict>> judge) {
        return conversation.failure == null ? judge.apply(conversation.seen)
                : List.of(TlsVerdicts.notAsked(conversation.id, conversation.title, conversation.failure));
    }

    private ProbeReport report(List<Verdict> verdicts, List<Conversation> conversations, @Nullable String failure) {
        return new ProbeReport(ProbeReport.target(target.host(), target.port()), Protocol.TLS, negotiated,
                started, Duration.ofNanos(System.nanoTime() - start), verdicts,
                conversations.stream().map(each -> each.seen.exchange()).toList(), failure);
    }

    // The scenarios

    private void closeFirst(Wire wire, Observation seen) throws InterruptedException {
        negotiated = describe(wire);
        wire.shutdown();
        seen.awaitUnlessSilent(seen::answered, patience);
        if (!seen.awaitEnd(patience)) {
            seen.note("TCP is still open; now our FIN");
            wire.sendFin();
            seen.awaitEnd(patience);
        }
    }

    private String describe(Wire wire) {
        StringBuilder text = new StringBuilder(wire.engine().getSession().getProtocol())
                .append(", ").append(wire.engine().getSession().getCipherSuite());
        protocol = wire.applicationProtocol();
        if (protocol != null) {
            text.append(", ALPN ").append(protocol);
        }
        String doubt = prober.trust().doubt(wire.certificates(), target.host());
        if (doubt != null) {
            text.append(", certificate not trusted: ").append(doubt);
        }
        return text.toString();
    }

    private void peerCloses(Wire wire, Observation seen) throws InterruptedException {
        wire.write(asked.closing());
        wire.hold();
        if (!seen.awaitUnlessSilent(seen::answered, patience)) {
            seen.note("nothing was closed");
            return;
        }
        Duration grace = wire.grace(patience);
        seen.awaitEnd(grace);
        if (seen.gotCloseNotify() && !seen.gotRst() && wire.awaitHeldCloseNotify(patience)) {
            wire.release();
            seen.await(seen::gotRst, grace);
            end(wire, seen);
        }
    }

    private void requestAndCloseNotify(Wire wire, Observation seen, boolean fin)
            throws IOException, InterruptedException {
        wire.hold();
        wire.write(asked.open());
        wire.shutdown();
        if (!wire.awaitHeldCloseNotify(patience)) {
            throw new IOException("the peer closed before it was asked anything");
        }
        wire.release();
        if (fin) {
            wire.sendFin();
        }
        seen.awaitUnlessSilent(seen::answered, patience);
        seen.awaitEnd(patience);
    }

    private void truncate(Wire wire, Observation seen) throws InterruptedException {
        wire.sendFin();
        seen.awaitEnd(patience);
    }

    private void readSlowly(Wire wire, Observation seen) throws InterruptedException {
        wire.write(asked.closing());
        Duration grace = wire.grace(patience);
        seen.await(() -> false, grace);
        seen.note("nothing read so far");
        wire.shutdown();
        seen.await(() -> false, grace);
        seen.note("now we read");
        wire.releaseReads();
        seen.awaitEnd(patience);
        end(wire, seen);
    }

    /** What is left to see, once both have sent close_notify. */
    private void end(Wire wire, Observation seen) throws InterruptedException {
        if (seen.gotFin() && !seen.gotRst()) {
            wire.lookForReset();
        } else if (!seen.ended()) {
            wire.sendFin();
            seen.awaitEnd(patience);
        }
    }

    private void endForResumption(Ending ending, Wire wire, Observation seen) throws InterruptedException {
        wire.write(asked.open());
        // The session's tickets come with the answer at the latest.
        seen.await(() -> seen.dataBytes() > 0 || seen.answered(), shorter(patience, RESPONSE_TIME));
        switch (ending) {
            case FULL -> end(wire, ShutdownPolicy.bidirectional());
            case FAST -> end(wire, ShutdownPolicy.fast());
            case QUIET -> end(wire, ShutdownPolicy.quiet());
            case TRUNCATED -> {
                wire.sendRaw(HALF_A_RECORD);
                wire.sendFin();
                seen.awaitEnd(wire.grace(patience));
            }
        }
    }

    private void end(Wire wire, ShutdownPolicy policy) throws InterruptedException {
        wire.end(policy.toBuilder().peerTimeout(patience).linger(wire.grace(patience)).build(),
                patience.multipliedBy(2));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** What can be done, and done again if it failed. */
    private interface Task extends Runnable {

        @Nullable String failure();
    }

    /** What is said on a connection. */
    private interface Script {

        void play(Wire wire, Observation seen) throws IOException, InterruptedException;
    }

    /** One connection. */
    private final class Conversation implements Task {

        private final String id;
        private final String title;
        private final int receiveBuffer;
        private final Script script;
        private Observation seen;
        private @Nullable String failure;

        Conversation(String id, String title, int receiveBuffer, Script script) {
            this.id = id;
            this.title = title;
            this.receiveBuffer = receiveBuffer;
            this.script = script;
            seen = new Observation(id, title);
        }

        @Override
        public @Nullable String failure() {
            return failure;
        }

        @Override
        public void run() {
            try {
                run(prober.contexts().create());
            } catch (IOException e) {
                failure = Wire.describe(e);
            }
        }

        void run(SslContext context) {
            seen = new Observation(id, title);
            failure = null;
            Sessions.keep(context);
            try (Wire wire = target.open(context, seen, receiveBuffer)) {
                script.play(wire, seen);
            } catch (IOException e) {
                failure = Wire.describe(e);
                seen.note(failure);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure = "interrupted";
            }
        }
    }

    /** Two connections, the second of which resumes the session of the first if it can. */
    private final class Resumption implements Task {

        private final Ending ending;
        private final Conversation before;
        private final Conversation again;
        private boolean resumed;

        Resumption(Ending ending) {
            this.ending = ending;
            before = new Conversation("session_" + ending.label(), "A session that ends by " + ending.what(), 0,
                    (wire, seen) -> endForResumption(ending, wire, seen));
            again = new Conversation("resumption_" + ending.label(), "The same client comes back", 0,
                    this::comeBack);
        }

        private void comeBack(Wire wire, Observation seen) throws InterruptedException {
            resumed = wire.resumed();
            seen.note(resumed ? "session resumed" : "session not resumed");
            end(wire, ShutdownPolicy.fast().toBuilder().ticketTimeout(Duration.ZERO).build());
        }

        @Override
        public @Nullable String failure() {
            return before.failure != null ? before.failure : again.failure;
        }

        @Override
        public void run() {
            try {
                SslContext context = prober.contexts().create();
                before.run(context);
                if (before.failure == null) {
                    again.run(context);
                }
            } catch (IOException e) {
                before.failure = Wire.describe(e);
            }
        }

        Verdict verdict(boolean offered) {
            String failure = failure();
            return failure != null
                    ? TlsVerdicts.notAsked(again.id, "session resumed after " + ending.label() + " close", failure)
                    : TlsVerdicts.resumption(ending, before.seen.alert(), again.seen, resumed, offered);
        }
    }
}

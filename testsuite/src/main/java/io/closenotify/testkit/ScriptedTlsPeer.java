package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.TlsScript.Kind;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * A TLS peer on loopback that does what its {@link TlsScript} says, step by step, and reports what it saw: the peer
 * that answers no close_notify, cuts a response at any byte, sends FIN, RST, a fatal alert or garbage, or never
 * reads.
 *
 * <pre>{@code
 * TlsScript truncating = TlsScript.begin().handshake().receiveUntil("GET").send("half an ans").fin().awaitEnd();
 * try (ScriptedTlsPeer peer = ScriptedTlsPeer.server().play(truncating)) {
 *     client.connect(peer.address());
 *     PeerReport report = peer.report().get();
 *     assertThat(report.events()).contains(new PeerEvent.CloseNotify());
 * }
 * }</pre>
 *
 * <p>A server plays the script on every connection that it accepts, each for itself; a client on its only one. The
 * peer is the JDK's engine over a blocking socket: close_notify, FIN and RST are apart from each other, and nothing
 * happens but by a step.
 *
 * <p><b>Threading.</b> Each connection has a daemon thread of its own. All methods may be called from any thread.
 *
 * <p><b>Timeouts.</b> The {@linkplain Builder#deadline deadline} (10 s) bounds each wait of the test for a report's
 * connection or for a mark, and each script, from its connection on.
 *
 * <p><b>Errors.</b> A script that cannot be played to its end fails its report with a {@link ScriptFailedException},
 * as the cause of what {@code get()} throws, and closes its connection.
 */
public final class ScriptedTlsPeer implements AutoCloseable {

    private final TlsScript script;
    private final Supplier<SSLEngine> engines;
    private final Duration deadline;
    private final @Nullable ServerSocket listener;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(new DefaultThreadFactory("scripted-tls-peer-timer", true));
    private final List<ScriptRun> runs = new ArrayList<>();
    private final Map<Integer, CompletableFuture<ScriptRun>> connections = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<Void>> signals = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<Void>> marks = new ConcurrentHashMap<>();
    private final InetSocketAddress address;
    private final Thread acceptor;
    private boolean closed;

    private ScriptedTlsPeer(TlsScript script, Supplier<SSLEngine> engines, Duration deadline,
            @Nullable ServerSocket listener, InetSocketAddress address) {
        this.script = script;
        this.engines = engines;
        this.deadline = deadline;
        this.listener = listener;
        this.address = address;
        acceptor = new DefaultThreadFactory("scripted-tls-peer-listener", true).newThread(this::accept);
        script.labels(Kind.SIGNAL).forEach(name -> signals.put(name, new CompletableFuture<>()));
        script.labels(Kind.MARK).forEach(name -> marks.put(name, new CompletableFuture<>()));
    }

    /**
     * Returns a builder of a peer that is the server.
     *
     * @return a new builder
     */
    public static Builder server() {
        return new Builder(null);
    }

    /**
     * Returns a builder of a peer that is the client.
     *
     * @param server where to connect to
     * @return a new builder
     */
    public static Builder client(InetSocketAddress server) {
        requireNonNull(server, "server");
        if (server.isUnresolved() || server.getPort() == 0) {
            throw new IllegalArgumentException("server: " + server + " (expected: a resolved address and a port)");
        }
        return new Builder(server);
    }

    /**
     * Returns the address of this peer.
     *
     * @return where a server listens; where a client connects from
     */
    public InetSocketAddress address() {
        return address;
    }

    /**
     * Returns the report of the first connection.
     *
     * @return as {@link #report(int)}
     */
    public CompletableFuture<PeerReport> report() {
        return report(1);
    }

    /**
     * Returns the report of a connection: it is there when the script is over.
     *
     * @param connection the number of the connection, in the order in which they were made, counted from 1
     * @return a future of its own for each call; it fails with a {@link ScriptFailedException}, with a
     *         {@link TimeoutException} if there is no such connection within the deadline from now, and with an
     *         {@link IllegalStateException} if the peer is closed before
     */
    public CompletableFuture<PeerReport> report(int connection) {
        if (connection < 1) {
            throw new IllegalArgumentException("connection: " + connection + " (expected: >= 1)");
        }
        CompletableFuture<ScriptRun> made = new CompletableFuture<>();
        synchronized (runs) {
            if (closed && connection > runs.size()) {
                made.completeExceptionally(new IllegalStateException("closed before connection " + connection));
            } else {
                future(connection).whenComplete((run, failure) -> {
                    if (failure == null) {
                        made.complete(run);
                    } else {
                        made.completeExceptionally(failure);
                    }
                });
            }
            if (!made.isDone()) {
                timer.schedule(() -> made.completeExceptionally(
                        new TimeoutException("no connection " + connection + " within " + deadline)),
                        deadline.toNanos(), TimeUnit.NANOSECONDS);
            }
        }
        return made.thenCompose(run -> run.report().copy());
    }

    /**
     * Lets scripts go on that wait for this signal, on every connection, now or later.
     *
     * @param name the name in {@link TlsScript#awaitSignal}
     * @throws IllegalArgumentException if the script waits for no such signal
     */
    public void signal(String name) {
        named(signals, "signal", name).complete(null);
    }

    /**
     * Waits until the script has come to a mark, on any connection.
     *
     * @param name the name in {@link TlsScript#mark}
     * @throws IllegalArgumentException if there is no such mark in the script
     * @throws TimeoutException if it has not come so far within the deadline from now
     * @throws ScriptFailedException if it failed before
     * @throws InterruptedException if the thread was interrupted
     */
    public void awaitMark(String name) throws TimeoutException, ScriptFailedException, InterruptedException {
        try {
            named(marks, "mark", name).get(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ScriptFailedException failed) {
                throw failed;
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new TimeoutException("mark " + name + " was not reached within " + deadline);
        }
    }

    /**
     * Stops listening, closes all connections and ends all threads; returns when all of it is done. Reports that are
     * not complete fail. Closing again does nothing.
     */
    @Override
    public void close() {
        List<ScriptRun> running;
        synchronized (runs) {
            closed = true;
            running = List.copyOf(runs);
        }
        closeListener();
        running.forEach(ScriptRun::close);
        timer.shutdownNow();
        connections.forEach((number, future) -> future.completeExceptionally(
                new IllegalStateException("closed before connection " + number)));
        try {
            // The kernel goes on listening for as long as a thread is in accept().
            acceptor.join(deadline.toMillis());
            for (ScriptRun run : running) {
                run.join(deadline);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void closeListener() {
        try {
            if (listener != null) {
                listener.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        ServerSocket open = listener;
        while (open != null && !open.isClosed()) {
            try {
                play(open.accept());
            } catch (IOException e) {
                if (!open.isClosed()) {
                    connections.values().forEach(waiting -> waiting.completeExceptionally(e));
                    return;
                }
            }
        }
    }

    private void play(Socket socket) throws IOException {
        socket.setTcpNoDelay(true);
        ScriptRun run = new ScriptRun(this, socket, engines.get(), script);
        int number;
        synchronized (runs) {
            if (closed) {
                socket.close();
                return;
            }
            runs.add(run);
            number = runs.size();
            timer.schedule(run::expire, deadline.toNanos(), TimeUnit.NANOSECONDS);
        }
        run.start();
        future(number).complete(run);
    }

    private CompletableFuture<ScriptRun> future(int connection) {
        return connections.computeIfAbsent(connection, number -> new CompletableFuture<>());
    }

    private static CompletableFuture<Void> named(Map<String, CompletableFuture<Void>> all, String what, String name) {
        CompletableFuture<Void> future = all.get(requireNonNull(name, what));
        if (future == null) {
            Set<String> names = new TreeSet<>(all.keySet());
            throw new IllegalArgumentException(what + ": " + name + " (expected: one of the script's, " + names + ')');
        }
        return future;
    }

    // For the runs

    Duration deadline() {
        return deadline;
    }

    void awaitSignalOfTest(String name) throws InterruptedException {
        try {
            named(signals, "signal", name).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    void reached(String mark) {
        named(marks, "mark", mark).complete(null);
    }

    void failed(ScriptFailedException failure) {
        marks.values().forEach(mark -> mark.completeExceptionally(failure));
    }

    /** Builds and starts a {@link ScriptedTlsPeer}. */
    public static final class Builder {

        private final @Nullable InetSocketAddress server;
        private @Nullable SSLContext context;
        private List<String> protocols = List.of();
        private List<String> applicationProtocols = List.of();
        private Duration deadline = Duration.ofSeconds(10);
        private int receiveBuffer;

        private Builder(@Nullable InetSocketAddress server) {
            this.server = server;
        }

        /**
         * Sets whose certificate is presented, and whom the peer trusts.
         *
         * @param context a context of the JDK; by default a server's presents {@link TestCertificate#localhost}, and
         *         a client's trusts everybody
         * @return this builder
         */
        public Builder sslContext(SSLContext context) {
            this.context = requireNonNull(context, "context");
            return this;
        }

        /**
         * Sets the versions of TLS.
         *
         * @param protocols such as {@code TLSv1.2} or {@code TLSv1.3}, at least one; by default those that the
         *         context enables
         * @return this builder
         */
        public Builder protocols(String... protocols) {
            this.protocols = atLeastOne("protocols", protocols);
            return this;
        }

        /**
         * Sets the application protocols for ALPN.
         *
         * @param protocols such as {@code h2} or {@code http/1.1}, the preferred one first, at least one; none by
         *         default
         * @return this builder
         */
        public Builder applicationProtocols(String... protocols) {
            applicationProtocols = atLeastOne("applicationProtocols", protocols);
            return this;
        }

        /**
         * Sets how long a script may take.
         *
         * @param deadline 1 ms to 1 h; 10 s by default
         * @return this builder
         */
        public Builder deadline(Duration deadline) {
            requireNonNull(deadline, "deadline");
            if (deadline.compareTo(Duration.ofMillis(1)) < 0 || deadline.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("deadline: " + deadline + " (expected: PT0.001S to PT1H)");
            }
            this.deadline = deadline;
            return this;
        }

        /**
         * Sets how much the kernel takes for a peer that does not read, so that the other side soon cannot write.
         *
         * @param bytes at least 1; the system's default by default. The system may round it up
         * @return this builder
         */
        public Builder receiveBuffer(int bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 1)");
            }
            receiveBuffer = bytes;
            return this;
        }

        /**
         * Starts the peer: a server listens on a free port of loopback when this returns, a client is connected.
         *
         * @param script what it does
         * @return the peer; to be closed
         * @throws UncheckedIOException if it cannot listen or connect
         */
        public ScriptedTlsPeer play(TlsScript script) {
            script.checkComplete();
            try {
                SSLContext ready = context == null ? defaultContext() : context;
                return server == null ? listen(script, ready) : connect(script, ready, server);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private ScriptedTlsPeer listen(TlsScript script, SSLContext ready) throws IOException {
            ServerSocket listener = new ServerSocket();
            try {
                if (receiveBuffer > 0) {
                    listener.setReceiveBufferSize(receiveBuffer);
                }
                listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            } catch (IOException e) {
                listener.close();
                throw e;
            }
            ScriptedTlsPeer peer = new ScriptedTlsPeer(script, () -> engine(ready), deadline, listener,
                    (InetSocketAddress) listener.getLocalSocketAddress());
            peer.acceptor.start();
            return peer;
        }

        private ScriptedTlsPeer connect(TlsScript script, SSLContext ready, InetSocketAddress to) throws IOException {
            Socket socket = new Socket();
            try {
                if (receiveBuffer > 0) {
                    socket.setReceiveBufferSize(receiveBuffer);
                }
                socket.connect(to, (int) deadline.toMillis());
            } catch (IOException e) {
                socket.close();
                throw e;
            }
            ScriptedTlsPeer peer = new ScriptedTlsPeer(script, () -> engine(ready), deadline, null,
                    (InetSocketAddress) socket.getLocalSocketAddress());
            peer.play(socket);
            return peer;
        }

        private SSLEngine engine(SSLContext ready) {
            SSLEngine engine = ready.createSSLEngine();
            engine.setUseClientMode(server != null);
            SSLParameters parameters = engine.getSSLParameters();
            if (!protocols.isEmpty()) {
                parameters.setProtocols(protocols.toArray(new String[0]));
            }
            parameters.setApplicationProtocols(applicationProtocols.toArray(new String[0]));
            engine.setSSLParameters(parameters);
            return engine;
        }

        private SSLContext defaultContext() {
            if (server == null) {
                return TestCertificate.localhost().sslContext();
            }
            try {
                SSLContext trusting = SSLContext.getInstance("TLS");
                trusting.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
                return trusting;
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException(e);
            }
        }

        private static List<String> atLeastOne(String name, String... values) {
            if (values.length == 0) {
                throw new IllegalArgumentException(name + ": none (expected: at least one)");
            }
            return List.copyOf(Arrays.asList(values));
        }
    }
}

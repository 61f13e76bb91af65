package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static io.closenotify.testsuite.peers.RealPeer.POLICY;
import static io.closenotify.testsuite.peers.RealPeer.policy;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslProvider;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Our handler against the blocking sockets of the JDK. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class JdkSocketTest {

    private static final int MEGABYTE = 1_000_000;

    private static ExecutorService threads;

    /** Our engine and role. */
    record Side(TlsSetup setup, boolean client) {

        @Override
        public String toString() {
            return setup + (client ? " client" : " server");
        }
    }

    /** What the socket's owner does after the handshake; returns what it has read. */
    private interface Script {

        byte[] run(SSLSocket socket) throws IOException;
    }

    static Stream<Side> sides() {
        return TlsSetup.all().stream().flatMap(setup -> Stream.of(new Side(setup, true), new Side(setup, false)));
    }

    @BeforeAll
    static void startThreads() {
        threads = Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "jdk-socket");
            thread.setDaemon(true);
            return thread;
        });
    }

    @AfterAll
    static void stopThreads() {
        threads.shutdownNow();
    }

    /** Our connection and a socket that runs its script in a thread of its own. */
    private static final class Pair implements AutoCloseable {

        private final Closeable listener;
        private final Connection ours;
        private final CompletableFuture<byte[]> script;

        Pair(Side side, ShutdownPolicy policy, Script script) throws Exception {
            TlsSetup jdk = new TlsSetup(SslProvider.JDK, side.setup.protocol());
            if (side.client) {
                SSLContext context = ((JdkSslContext) jdk.server()).context();
                SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
                        .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
                server.setEnabledProtocols(new String[] {side.setup.protocol()});
                listener = server;
                this.script = async(() -> (SSLSocket) server.accept(), script);
                ours = Connection.client(side.setup.client(), server.getLocalPort(), policy, Application.QUIET);
            } else {
                Connection.Server server = new Connection.Server(side.setup.server(), policy, Application.QUIET);
                listener = server;
                SSLContext context = ((JdkSslContext) jdk.client()).context();
                this.script = async(() -> {
                    SSLSocket socket = (SSLSocket) context.getSocketFactory()
                            .createSocket(InetAddress.getLoopbackAddress(), server.port());
                    socket.setEnabledProtocols(new String[] {side.setup.protocol()});
                    return socket;
                }, script);
                ours = server.next();
            }
        }

        private interface Opening {

            SSLSocket open() throws IOException;
        }

        private static CompletableFuture<byte[]> async(Opening opening, Script script) {
            return CompletableFuture.supplyAsync(() -> {
                try (SSLSocket socket = opening.open()) {
                    socket.setSoTimeout((int) Waits.DEADLINE.toMillis());
                    socket.startHandshake();
                    return script.run(socket);
                } catch (IOException e) {
                    throw new CompletionException(e);
                }
            }, threads);
        }

        byte[] read() throws Exception {
            return script.get(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public void close() throws IOException {
            listener.close();
            ours.handler().abort();
            ours.channel().closeFuture().awaitUninterruptibly(Waits.DEADLINE.toMillis());
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void jdk_socket_answers_close_notify(Side side) throws Exception {
        try (Pair pair = new Pair(side, POLICY, socket -> socket.getInputStream().readAllBytes())) {
            pair.ours.write(MEGABYTE);
            ShutdownOutcome outcome = Waits.done(pair.ours.handler().shutdown()).getNow();

            assertOutcome(outcome, ShutdownResult.CLEAN, ShutdownInitiator.LOCAL, true, true);
            assertThat(pair.ours.end()).isSameAs(outcome);
            assertThat(pair.read()).isEqualTo(Connection.pattern(MEGABYTE).array());
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void jdk_socket_closes_first_and_does_not_wait(Side side) throws Exception {
        try (Pair pair = new Pair(side, POLICY, socket -> {
            // It resets what it has not read, such as the session tickets that come before this.
            byte[] read = socket.getInputStream().readNBytes(1);
            socket.getOutputStream().write(Connection.pattern(MEGABYTE).array());
            return read;
        })) {
            pair.ours.write(1);
            assertOutcome(pair.ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(pair.ours.bytes()).isEqualTo(MEGABYTE);
            assertThat(pair.ours.intact()).isTrue();
            assertThat(pair.ours.exceptions()).isEmpty();
            assertThat(pair.read()).hasSize(1);
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void jdk_socket_shuts_its_output_down_and_reads_our_close_notify(Side side) throws Exception {
        try (Pair pair = new Pair(side, POLICY, socket -> {
            socket.shutdownOutput();
            return socket.getInputStream().readAllBytes();
        })) {
            assertOutcome(pair.ours.end(), ShutdownResult.CLEAN, ShutdownInitiator.PEER, true, true);
            assertThat(pair.ours.exceptions()).isEmpty();
            assertThat(pair.read()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("sides")
    void jdk_socket_gets_every_byte_before_a_fast_close(Side side) throws Exception {
        try (Pair pair = new Pair(side, policy(ShutdownMode.FAST), socket -> socket.getInputStream().readAllBytes())) {
            pair.ours.write(MEGABYTE);
            pair.ours.channel().close();

            assertThat(pair.ours.end().isSuccess()).isTrue();
            assertThat(pair.read()).isEqualTo(Connection.pattern(MEGABYTE).array());
        }
    }
}

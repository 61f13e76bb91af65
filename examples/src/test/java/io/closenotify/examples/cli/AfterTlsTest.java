package io.closenotify.examples.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TransportPolicy;
import io.closenotify.WriteAfterShutdownException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --after-tls echo}: TLS ends, TCP lives on. */
final class AfterTlsTest {

    private static final ShutdownPolicy KEEP =
            ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();

    private final BlockingQueue<ConnectionReport> reports = new LinkedBlockingQueue<>();
    private Server server;

    @AfterEach
    void stopServer() {
        if (server != null) {
            server.stop();
        }
    }

    private int serve(Provider provider, String app) throws Exception {
        return serve(new TlsTransport(contexts(provider), KEEP), app);
    }

    private int serve(TlsTransport transport, String app) throws Exception {
        server = transport.listener(null).listen(new AppConverter().convert(app), reports::add,
                new Log(new PrintWriter(new StringWriter())), "127.0.0.1", 0);
        return server.port();
    }

    private static TlsContexts contexts(Provider provider) {
        return new TlsContexts(provider, List.of(TlsVersion.values()), List.of());
    }

    private void served(ShutdownResult result, ShutdownInitiator initiator) throws InterruptedException {
        ConnectionReport report = reports.poll(15, TimeUnit.SECONDS);
        assertThat(report).isNotNull();
        assertThat(report.ending().result()).isEqualTo(result);
        assertThat(report.ending().initiator()).isEqualTo(initiator);
    }

    @ParameterizedTest
    @EnumSource
    void a_peer_that_ends_tls_first_goes_on_in_plaintext(Provider provider) throws Exception {
        int port = serve(provider, "echo");
        for (String version : List.of("1.2", "1.3")) {
            try (Socket transport = Peer.plain(port)) {
                SSLSocket tls = Peer.over(transport, version);
                tls.getOutputStream().write("secret".getBytes(US_ASCII));
                assertThat(tls.getInputStream().readNBytes(6)).asString(US_ASCII).isEqualTo("secret");
                tls.shutdownOutput();
                assertThat(tls.getInputStream().read()).isEqualTo(-1);
                // Reported while the connection lives.
                served(ShutdownResult.CLEAN, ShutdownInitiator.PEER);
                exchange(transport);
            }
        }
        assertThat(reports).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void a_server_that_ends_tls_first_goes_on_in_plaintext(Provider provider) throws Exception {
        int port = serve(provider, "source:100000");
        for (String version : List.of("1.2", "1.3")) {
            try (Socket transport = Peer.plain(port)) {
                SSLSocket tls = Peer.over(transport, version);
                assertThat(tls.getInputStream().readAllBytes()).hasSize(100_000);
                tls.shutdownOutput();
                served(ShutdownResult.CLEAN, ShutdownInitiator.LOCAL);
                exchange(transport);
            }
        }
        assertThat(reports).isEmpty();
    }

    /** Read only when all of it has been sent and the peer has ended its side. */
    private static void exchange(Socket transport) throws IOException {
        byte[] sent = "in plaintext\n".repeat(4000).getBytes(US_ASCII);
        transport.getOutputStream().write(sent);
        transport.shutdownOutput();
        assertThat(transport.getInputStream().readAllBytes()).isEqualTo(sent);
    }

    @ParameterizedTest
    @CsvSource({"JDK,PEER", "JDK,LOCAL", "OPENSSL,PEER", "OPENSSL,LOCAL"})
    void python_unwraps_and_goes_on_in_plaintext(Provider provider, ShutdownInitiator initiator) throws Exception {
        assumeTrue("true".equals(System.getenv("CI")) || Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "python3"))), "python3 is not on the path");
        int port = serve(provider, initiator == ShutdownInitiator.PEER ? "echo" : "source:6");
        Process python = new ProcessBuilder("python3", "-c", """
                import socket, ssl, sys
                for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
                    context = ssl.create_default_context()
                    context.check_hostname = False
                    context.verify_mode = ssl.CERT_NONE
                    context.minimum_version = context.maximum_version = version
                    tls = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])), 15))
                    if sys.argv[2] == "peer":
                        tls.sendall(b"secret")
                    data = b""
                    while len(data) < 6:
                        data += tls.recv(6 - len(data))
                    if sys.argv[2] == "local":
                        assert tls.recv(1) == b""
                    plain = tls.unwrap()
                    plain.sendall(b"plaintext")
                    plain.shutdown(socket.SHUT_WR)
                    data = b""
                    while more := plain.recv(100):
                        data += more
                    assert data == b"plaintext", data
                """, Integer.toString(port), Labels.of(initiator)).inheritIO().start();
        assertThat(python.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(python.exitValue()).isZero();
        for (int connection = 0; connection < 2; connection++) {
            served(ShutdownResult.CLEAN, initiator);
        }
    }

    @Test
    void a_peer_that_only_ends_tcp_is_not_kept() throws Exception {
        try (Socket transport = Peer.plain(serve(Provider.JDK, "echo"))) {
            SSLSocket tls = Peer.over(transport, "1.3");
            tls.getOutputStream().write('?');
            assertThat(tls.getInputStream().read()).isEqualTo('?');
            transport.shutdownOutput();
            served(ShutdownResult.TRUNCATED, ShutdownInitiator.TRANSPORT);
            assertThat(transport.getInputStream().readAllBytes()).hasSizeLessThan(100);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void sigterm_closes_what_was_kept_and_ends_the_rest_as_ever(String provider) throws Exception {
        try (Child serve = Child.start("serve", "--port", "0", "--provider", provider, "--after-tls", "echo")) {
            int port = serve.port();
            try (Socket transport = Peer.plain(port); Socket other = Peer.plain(port)) {
                SSLSocket live = Peer.over(other, "1.3");
                live.getOutputStream().write('?');
                assertThat(live.getInputStream().read()).isEqualTo('?');
                SSLSocket tls = Peer.over(transport, "1.3");
                tls.startHandshake();
                tls.shutdownOutput();
                assertThat(tls.getInputStream().read()).isEqualTo(-1);
                assertThat(serve.next()).containsEntry("result", "clean");
                transport.getOutputStream().write('?');
                assertThat(transport.getInputStream().read()).isEqualTo('?');

                serve.terminate();
                assertThat(transport.getInputStream().read()).isEqualTo(-1);
                assertThat(live.getInputStream().read()).isEqualTo(-1);
                live.shutdownOutput();
                assertThat(other.getInputStream().read()).isEqualTo(-1);
                other.shutdownOutput();
                assertThat(serve.exit()).isZero();
                assertThat(serve.rest()).singleElement().satisfies(line -> assertThat(Cli.parse(line))
                        .containsEntry("result", "clean").containsEntry("initiator", "local"));
            }
        }
    }

    @Test
    void http_that_closes_ends_tls_alone() throws Exception {
        try (Socket transport = Peer.plain(serve(Provider.JDK, "http"))) {
            SSLSocket tls = Peer.over(transport, "1.3");
            // The second request is not answered, neither by TLS nor in plaintext.
            tls.getOutputStream().write("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n".getBytes(US_ASCII));
            assertThat(tls.getInputStream().readAllBytes()).asString(US_ASCII)
                    .startsWith("HTTP/1.1 200 OK").endsWith("200 OK\n").containsOnlyOnce("HTTP/1.1");
            tls.shutdownOutput();
            exchange(transport);
            served(ShutdownResult.CLEAN, ShutdownInitiator.LOCAL);
        }
    }

    @ParameterizedTest
    @CsvSource({"JDK,0", "OPENSSL,0", "JDK,200"})
    void connect_echoes_in_plaintext_until_the_peer_ends_or_has_nothing_to_say(Provider provider, int peerTimeout,
            @TempDir Path directory) throws Exception {
        Path received = directory.resolve("received");
        DemoPlaintext plaintext = new DemoPlaintext(50_000);
        boolean speaks = peerTimeout == 0;
        int port = serve(speaks ? new TlsTransport(contexts(provider), KEEP, plaintext::install)
                : new TlsTransport(contexts(provider), KEEP), "echo");

        Cli.Result result = Cli.run("connect", "127.0.0.1:" + port, "--insecure", "--provider", Labels.of(provider),
                "--after-tls", "echo", "--send", "10", "--receive", received.toString(),
                "--peer-timeout", Integer.toString(peerTimeout));

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("initiator", "local")
                .containsEntry("bytesWritten", 10).containsEntry("bytesRead", 10);
        assertThat(received).hasSize(10);
        served(ShutdownResult.CLEAN, ShutdownInitiator.PEER);
        if (speaks) {
            assertThat(plaintext.problem()).isNull();
        }
    }

    /** A source that the peer cuts off: what is left of it was meant for TLS. */
    @ParameterizedTest
    @EnumSource
    void nothing_that_was_meant_for_tls_goes_out_in_plaintext(Provider provider) throws Exception {
        try (Socket transport = Peer.slowReader(serve(provider, "source:20000000"))) {
            SSLSocket tls = Peer.over(transport, "1.3");
            assertThat(tls.getInputStream().read()).isEqualTo('x');
            tls.shutdownOutput();
            assertThat(tls.getInputStream().readAllBytes()).isNotEmpty();
            exchange(transport);
        }
    }

    @Test
    void the_plaintext_echo_closes_behind_what_is_queued() {
        List<ChannelPromise> queued = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                queued.add(promise);
                context.write(message);
            }
        });
        PlaintextEcho.install(channel.pipeline());

        channel.writeInbound(Unpooled.copiedBuffer("late", US_ASCII));
        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        assertThat(channel.isOpen()).isTrue();

        queued.forEach(ChannelPromise::trySuccess);
        assertThat(channel.isOpen()).isFalse();
        channel.finishAndReleaseAll();
    }

    /** As one who reads what to send from stdin may be late. */
    @Test
    void what_was_meant_for_tls_does_not_go_out_in_plaintext() {
        EmbeddedChannel channel = new EmbeddedChannel();
        PlaintextEcho.install(channel.pipeline());
        ByteBuf late = Unpooled.copiedBuffer("secret", US_ASCII);

        ChannelFuture written = new TlsConnection(channel).write(channel, late);
        channel.runPendingTasks();

        assertThat(written.cause()).isInstanceOf(WriteAfterShutdownException.class);
        assertThat(late.refCnt()).isZero();
        assertThat(channel.outboundMessages()).isEmpty();
        channel.finishAndReleaseAll();
    }

    @Test
    void help_names_the_choice() {
        Map<String, Cli.Result> help = Map.of("serve", Cli.run("serve", "--help"), "connect",
                Cli.run("connect", "--help"));

        assertThat(help.values()).allSatisfy(result -> assertThat(String.join("\n", result.out()))
                .contains("--after-tls=echo", "--on-peer-close=respond|defer", "--defer-timeout=MS"));
    }
}

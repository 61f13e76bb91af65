package io.closenotify.examples.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --on-peer-close defer}: the peer's close_notify is answered when all of ours has been sent. */
final class PeerClosesFirstTest {

    private static final int ANSWER = 2_000_000;
    private static final ShutdownPolicy DEFER =
            ShutdownPolicy.bidirectional().toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();

    private final BlockingQueue<ConnectionReport> reports = new LinkedBlockingQueue<>();
    private Server server;

    @TempDir
    Path directory;

    @AfterEach
    void stopServer() {
        if (server != null) {
            server.stop();
        }
    }

    private String serve(Provider provider, ShutdownPolicy policy, String app) throws Exception {
        server = new TlsTransport(new TlsContexts(provider, List.of(TlsVersion.values()), List.of()), policy)
                .listener(null)
                .listen(new AppConverter().convert(app), reports::add, new Log(new PrintWriter(new StringWriter())),
                        "127.0.0.1", 0);
        return "127.0.0.1:" + server.port();
    }

    private ConnectionReport served() throws InterruptedException {
        ConnectionReport report = reports.poll(15, TimeUnit.SECONDS);
        assertThat(report).isNotNull();
        return report;
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void an_echo_is_complete_though_close_notify_came_with_the_data(String provider) throws Exception {
        try (Child serve = Child.start("serve", "--port", "0", "--provider", provider, "--on-peer-close", "defer")) {
            int port = serve.port();
            for (String version : List.of("1.2", "1.3")) {
                try (Socket transport = Peer.slowReader(port)) {
                    SSLSocket tls = Peer.over(transport, version);
                    byte[] sent = new byte[ANSWER];
                    new Random(7).nextBytes(sent);
                    CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> {
                        try {
                            tls.getOutputStream().write(sent);
                            tls.shutdownOutput();
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    });
                    assertThat(tls.getInputStream().readAllBytes()).isEqualTo(sent);
                    sender.get(15, TimeUnit.SECONDS);
                    assertThat(serve.next()).containsEntry("result", "clean").containsEntry("initiator", "peer")
                            .containsEntry("bytesRead", ANSWER).containsEntry("bytesWritten", ANSWER);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"JDK,1.2", "JDK,1.3", "OPENSSL,1.2", "OPENSSL,1.3"})
    void a_source_sends_all_of_its_bytes_first(Provider provider, String version) throws Exception {
        String target = serve(provider, DEFER, "source:" + ANSWER);

        Cli.Result result = Cli.run("connect", target, "--insecure", "--tls", version, "--send", "1",
                "--receive", directory.resolve("received").toString());

        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesRead", ANSWER);
        assertThat(served()).satisfies(report -> {
            assertThat(report.bytesWritten()).isEqualTo(ANSWER);
            assertThat(report.ending().result()).isEqualTo(ShutdownResult.CLEAN);
        });
    }

    @ParameterizedTest
    @CsvSource({"JDK,1.2", "JDK,1.3", "OPENSSL,1.2", "OPENSSL,1.3"})
    void every_request_that_came_before_the_alert_is_answered(Provider provider, String version) throws Exception {
        String target = serve(provider, DEFER, "http");
        Path requests = Files.writeString(directory.resolve("requests"),
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2));
        Path answers = directory.resolve("answers");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--tls", version, "--send", "@" + requests,
                "--receive", answers.toString());

        assertThat(result.line()).containsEntry("result", "clean");
        assertThat(Files.readString(answers).lines().filter("HTTP/1.1 200 OK"::equals)).hasSize(2);
        assertThat(served().ending().initiator()).isEqualTo(ShutdownInitiator.PEER);
    }

    @ParameterizedTest
    @CsvSource({"JDK,1.2", "JDK,1.3", "OPENSSL,1.2", "OPENSSL,1.3"})
    void connect_sends_all_it_has_to_a_server_that_closes_first(Provider provider, String version) throws Exception {
        String target = serve(provider, ShutdownPolicy.bidirectional(), "source:1000");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--provider", Labels.of(provider),
                "--tls", version, "--on-peer-close", "defer", "--send", Integer.toString(ANSWER),
                "--receive", directory.resolve("received").toString());

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("bytesWritten", ANSWER)
                .containsEntry("bytesRead", 1000);
        assertThat(served().bytesRead()).isEqualTo(ANSWER);
    }

    @Test
    void connect_that_only_receives_answers_at_once() throws Exception {
        String target = serve(Provider.JDK, ShutdownPolicy.bidirectional(), "source:1000");

        Cli.Result result = Cli.run("connect", target, "--insecure", "--on-peer-close", "defer",
                "--receive", directory.resolve("received").toString());

        assertThat(result.exit()).isZero();
        assertThat(result.line()).containsEntry("result", "clean").containsEntry("initiator", "peer");
    }

    @Test
    void an_answer_is_not_deferred_for_ever() throws Exception {
        ShutdownPolicy impatient = ShutdownPolicy.bidirectional().toBuilder()
                .peerTimeout(Duration.ofSeconds(30)).build();
        String target = serve(Provider.JDK, impatient, "source:1000");
        try (Child connect = Child.start("connect", target, "--insecure", "--on-peer-close", "defer",
                "--defer-timeout", "100", "--send", "-", "--receive", directory.resolve("received").toString())) {
            // stdin stays open.
            assertThat(connect.next()).containsEntry("result", "clean").containsEntry("initiator", "peer")
                    .satisfies(line -> assertThat((String) line.get("cause")).contains("100 ms"));
            assertThat(connect.exit()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo", "http", "sink", "source:3"})
    void an_application_is_done_when_all_it_wrote_has_left(String name) {
        List<ChannelPromise> queued = new ArrayList<>();
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                queued.add(promise);
                context.write(message);
            }
        });
        App app = new AppConverter().convert(name);
        Connection connection = new TlsConnection(channel);
        app.install(channel.pipeline(), connection);
        channel.pipeline().addLast(new DeferredAnswer(app, connection));
        channel.pipeline().fireChannelActive();
        channel.writeInbound(Unpooled.copiedBuffer("GET / HTTP/1.1\r\n\r\n", US_ASCII));

        channel.pipeline().fireUserEventTriggered(new PeerCloseNotifyEvent(true));
        assertThat(channel.isOpen()).isTrue();

        while (!queued.isEmpty()) {
            List<ChannelPromise> left = List.copyOf(queued);
            queued.clear();
            left.forEach(ChannelPromise::trySuccess);
            channel.runPendingTasks();
        }
        assertThat(channel.isOpen()).isFalse();
        channel.finishAndReleaseAll();
    }
}

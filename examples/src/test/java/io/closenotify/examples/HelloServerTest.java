package io.closenotify.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownResult;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HelloServerTest {

    private final TlsShutdownHandler shutdown = TlsShutdownHandler.builder().build();
    private final EmbeddedChannel server;
    private final EmbeddedChannel client;

    HelloServerTest() throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
        SslContext tls = SslContextBuilder.forServer(certificate.key(), certificate.cert())
                .sslProvider(SslProvider.JDK).build();
        server = new EmbeddedChannel(HelloServer.pipeline(tls));
        client = new EmbeddedChannel(SslContextBuilder.forClient().sslProvider(SslProvider.JDK)
                .trustManager(InsecureTrustManagerFactory.INSTANCE).build().newHandler(server.alloc()), shutdown);
        client.freezeTime();
        exchange();   // the handshake
    }

    @AfterEach
    void release() {
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }

    // docs: begin test
    @Test
    void an_answer_that_is_under_way_when_the_client_shuts_down_arrives() {
        client.writeOutbound(Unpooled.copiedBuffer("hello", StandardCharsets.UTF_8));
        ShutdownFuture ended = shutdown.shutdown();
        exchange();

        ByteBuf answer = client.readInbound();
        assertThat(answer.toString(StandardCharsets.UTF_8)).isEqualTo("hello");
        answer.release();
        assertThat(ended.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
    }

    @Test
    void a_server_that_says_nothing_is_told_as_silent() {
        ShutdownFuture ended = shutdown.shutdown();
        client.runPendingTasks();
        client.releaseOutbound();   // our close_notify never arrives
        client.advanceTimeBy(5, TimeUnit.SECONDS);
        client.runScheduledPendingTasks();

        assertThat(ended.outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT);
    }
    // docs: end test

    private void exchange() {
        while (move(client, server) | move(server, client)) {
            // until both are quiet
        }
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        from.runPendingTasks();
        ByteBuf data = from.readOutbound();
        if (data != null) {
            to.writeInbound(data);
        }
        return data != null;
    }
}

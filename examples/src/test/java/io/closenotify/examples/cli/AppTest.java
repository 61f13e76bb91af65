package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AppTest {

    private static EmbeddedChannel channel(String app) {
        EmbeddedChannel channel = new EmbeddedChannel();
        new AppConverter().convert(app).install(channel.pipeline(), new TlsConnection(channel));
        return channel;
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo", "http"})
    void nothing_is_read_while_the_peer_does_not_take_the_answers(String app) {
        EmbeddedChannel channel = channel(app);

        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isFalse();

        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
        channel.finishAndReleaseAll();
    }

    @Test
    void malformed_http_is_answered_and_ends_the_connection() {
        EmbeddedChannel channel = channel("http");

        channel.writeInbound(Unpooled.copiedBuffer("GET / HTTP/x\r\n\r\n", StandardCharsets.US_ASCII));

        ByteBuf answer = channel.readOutbound();
        assertThat(answer.toString(StandardCharsets.US_ASCII)).startsWith("HTTP/1.1 400 ")
                .containsIgnoringCase("connection: close");
        answer.release();
        assertThat(channel.isOpen()).isFalse();
        channel.finishAndReleaseAll();
    }
}

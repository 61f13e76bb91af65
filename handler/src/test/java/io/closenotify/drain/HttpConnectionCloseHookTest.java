package io.closenotify.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.ReadOnlyHttpHeaders;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpConnectionCloseHookTest {

    private static final Duration GRACE = Duration.ofSeconds(2);

    private final EmbeddedChannel server = new EmbeddedChannel(new HttpServerCodec(), new HttpConnectionCloseHandler());
    private Future<?> drained;

    HttpConnectionCloseHookTest() {
        server.freezeTime();
    }

    @AfterEach
    void close() {
        server.finishAndReleaseAll();
    }

    private void drain() {
        drained = new HttpConnectionCloseHook(GRACE).beforeClose(server);
    }

    private void request(String... paths) {
        for (String path : paths) {
            raw("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        }
    }

    private void raw(String bytes) {
        server.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
    }

    /** The paths of the requests that the application has seen since the last call. */
    private List<String> seen() {
        List<String> paths = new ArrayList<>();
        for (Object message = server.readInbound(); message != null; message = server.readInbound()) {
            if (message instanceof HttpRequest request) {
                paths.add(request.uri());
            }
            ReferenceCountUtil.release(message);
        }
        return paths;
    }

    private static HttpResponse head(HttpResponseStatus status) {
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status);
        head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, "chunked");
        return head;
    }

    private static DefaultFullHttpResponse full(HttpResponseStatus status) {
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.EMPTY_BUFFER);
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, 0);
        return response;
    }

    /** Writes, and returns what leaves, in lower case. */
    private String write(Object... messages) {
        server.writeOutbound(messages);
        StringBuilder bytes = new StringBuilder();
        for (ByteBuf next = server.readOutbound(); next != null; next = server.readOutbound()) {
            bytes.append(next.toString(StandardCharsets.US_ASCII));
            next.release();
        }
        return bytes.toString().toLowerCase(java.util.Locale.ROOT);
    }

    private void pass(Duration time) {
        server.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        server.runScheduledPendingTasks();
    }

    @Test
    void the_response_that_is_owed_says_close_and_ends_the_wait() {
        request("/1");
        drain();
        String first = write(head(HttpResponseStatus.OK));
        assertThat(first).contains("\r\nconnection: close\r\n");
        assertThat(drained.isDone()).isFalse();
        write(LastHttpContent.EMPTY_LAST_CONTENT);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void nothing_changes_before_the_end_is_asked_for() {
        request("/1", "/2");
        assertThat(write(full(HttpResponseStatus.OK), full(HttpResponseStatus.OK))).doesNotContain("close");
        assertThat(seen()).containsExactly("/1", "/2");
    }

    @Test
    void of_pipelined_requests_only_the_last_one_taken_says_close_and_later_ones_are_not_processed() {
        request("/1", "/2");
        assertThat(seen()).containsExactly("/1", "/2");
        drain();
        request("/3");
        raw("POST /4 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
        assertThat(seen()).isEmpty();
        assertThat(write(full(HttpResponseStatus.OK))).doesNotContain("close");
        assertThat(drained.isDone()).isFalse();
        assertThat(write(full(HttpResponseStatus.OK))).contains("\r\nconnection: close\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void the_body_of_a_request_that_was_taken_arrives() {
        raw("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\nabc");
        drain();
        assertThat(write(full(HttpResponseStatus.CONTINUE))).startsWith("http/1.1 100").doesNotContain("close");
        server.releaseInbound();
        raw("def");
        assertThat(server.<Object>readInbound()).isInstanceOfSatisfying(LastHttpContent.class, last -> {
            assertThat(last.content().toString(StandardCharsets.US_ASCII)).isEqualTo("def");
            last.release();
        });
        assertThat(drained.isDone()).isFalse();
        assertThat(write(full(HttpResponseStatus.OK))).contains("\r\nconnection: close\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_response_whose_head_is_gone_is_finished_and_the_connection_is_idle_behind_it() {
        request("/1");
        write(head(HttpResponseStatus.OK));
        drain();
        pass(GRACE.multipliedBy(2));
        write(new DefaultHttpContent(Unpooled.copiedBuffer("a", StandardCharsets.US_ASCII)));
        assertThat(drained.isDone()).isFalse();
        write(LastHttpContent.EMPTY_LAST_CONTENT);
        assertThat(drained.isDone()).isFalse();
        pass(GRACE);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void behind_a_response_whose_head_is_gone_one_more_request_is_taken_and_told() {
        request("/1");
        write(head(HttpResponseStatus.OK));
        drain();
        request("/2", "/3");
        assertThat(seen()).containsExactly("/1", "/2");
        assertThat(write(LastHttpContent.EMPTY_LAST_CONTENT)).doesNotContain("close");
        assertThat(write(full(HttpResponseStatus.OK))).contains("\r\nconnection: close\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void an_idle_connection_takes_a_request_until_its_grace_is_over() {
        drain();
        pass(GRACE.minusNanos(1));
        assertThat(drained.isDone()).isFalse();
        request("/1");
        pass(GRACE);
        assertThat(drained.isDone()).isFalse();
        assertThat(write(full(HttpResponseStatus.OK))).contains("\r\nconnection: close\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void behind_the_grace_nothing_is_processed() {
        request("/1");
        write(full(HttpResponseStatus.OK));
        drain();
        pass(GRACE);
        assertThat(drained.isSuccess()).isTrue();
        request("/2");
        assertThat(seen()).containsExactly("/1");
    }

    @Test
    void without_a_grace_an_idle_connection_ends_at_once() {
        assertThat(new HttpConnectionCloseHook(Duration.ZERO).beforeClose(server).isSuccess()).isTrue();
    }

    @Test
    void what_else_the_application_says_about_the_connection_is_kept() {
        request("/1");
        drain();
        DefaultFullHttpResponse response = full(HttpResponseStatus.UPGRADE_REQUIRED);
        response.headers().set(HttpHeaderNames.CONNECTION, "Keep-Alive, Upgrade");
        assertThat(write(response)).contains("\r\nconnection: upgrade, close\r\n");
    }

    @Test
    void a_response_to_http_1_0_says_close_instead_of_keep_alive() {
        raw("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        drain();
        DefaultFullHttpResponse response = full(HttpResponseStatus.OK);
        response.headers().set(HttpHeaderNames.CONNECTION, "keep-alive");
        assertThat(write(response)).contains("\r\nconnection: close\r\n").doesNotContain("keep-alive");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_response_to_head_ends_without_a_body() {
        raw("HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        drain();
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_LENGTH, 1_000);
        assertThat(write(head, LastHttpContent.EMPTY_LAST_CONTENT)).contains("\r\nconnection: close\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void headers_that_cannot_be_changed_are_sent_and_the_next_response_says_close() {
        request("/1");
        drain();
        HttpHeaders constant = new ReadOnlyHttpHeaders(false, HttpHeaderNames.CONTENT_LENGTH, "0");
        write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, constant),
                LastHttpContent.EMPTY_LAST_CONTENT);
        assertThat(drained.isDone()).isFalse();
        request("/2");
        assertThat(write(full(HttpResponseStatus.OK))).contains("\r\nconnection: close\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_connection_that_the_application_ends_itself_has_no_grace() {
        request("/1");
        DefaultFullHttpResponse response = full(HttpResponseStatus.OK);
        response.headers().set(HttpHeaderNames.CONNECTION, "close");
        write(response);
        drain();
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void an_upgrade_ends_the_wait_and_is_left_as_it_is() {
        raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        drain();
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
        response.headers().set(HttpHeaderNames.CONNECTION, "Upgrade").set(HttpHeaderNames.UPGRADE, "websocket");
        assertThat(write(response)).contains("\r\nconnection: upgrade\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_tunnel_ends_the_wait_and_its_response_is_left_as_it_is() {
        raw("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
        assertThat(write(new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK)))
                .doesNotContain("close");
        drain();
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_tunnel_that_is_refused_is_told() {
        raw("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
        drain();
        assertThat(write(full(HttpResponseStatus.FORBIDDEN))).contains("\r\nconnection: close\r\n");
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void the_end_of_the_connection_ends_the_wait() {
        request("/1");
        drain();
        server.close();
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void asked_again_it_joins() {
        request("/1");
        drain();
        Future<?> again = new HttpConnectionCloseHook(Duration.ZERO).beforeClose(server);
        assertThat(again.isDone()).isFalse();
        write(full(HttpResponseStatus.OK));
        assertThat(again.isSuccess()).isTrue();
    }

    @Test
    void a_missing_handler_is_told_and_another_protocol_is_left_alone() {
        EmbeddedChannel incomplete = new EmbeddedChannel(new HttpServerCodec());
        assertThat(new HttpConnectionCloseHook().beforeClose(incomplete).cause())
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("HttpConnectionCloseHandler");
        assertThat(new HttpConnectionCloseHook().beforeClose(new EmbeddedChannel()).isSuccess()).isTrue();
        assertThatThrownBy(() -> new HttpConnectionCloseHook(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("idleGrace: PT-0.000000001S (expected: PT0S to PT8760H)");
    }
}

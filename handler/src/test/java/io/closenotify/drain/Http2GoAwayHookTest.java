package io.closenotify.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server and a client, whose bytes are moved by hand. */
class Http2GoAwayHookTest {

    private static final Duration PING_TIMEOUT = Duration.ofSeconds(3);
    private static final String ANY = "GOAWAY 2147483647";

    private final List<String> clientSees = new ArrayList<>();
    private final List<String> serverSees = new ArrayList<>();
    private final Http2ConnectionHandler serverHandler = handler(true, serverSees);
    private final Http2ConnectionHandler clientHandler = handler(false, clientSees);
    private final EmbeddedChannel server = new EmbeddedChannel(serverHandler);
    private final EmbeddedChannel client = new EmbeddedChannel(clientHandler);

    Http2GoAwayHookTest() {
        server.freezeTime();
    }

    private static Http2ConnectionHandler handler(boolean server, List<String> seen) {
        return new Http2ConnectionHandlerBuilder().server(server).initialSettings(Http2Settings.defaultSettings())
                .gracefulShutdownTimeoutMillis(0).frameListener(new Http2FrameAdapter() {
                    @Override
                    public void onHeadersRead(ChannelHandlerContext context, int stream, Http2Headers headers,
                            int dependency, short weight, boolean exclusive, int padding, boolean endOfStream) {
                        seen.add("HEADERS " + stream);
                    }

                    @Override
                    public void onGoAwayRead(ChannelHandlerContext context, int last, long error, ByteBuf debug) {
                        assertThat(error).isEqualTo(Http2Error.NO_ERROR.code());
                        seen.add("GOAWAY " + last);
                    }

                    @Override
                    public void onPingRead(ChannelHandlerContext context, long data) {
                        seen.add("PING");
                    }

                    @Override
                    public void onPingAckRead(ChannelHandlerContext context, long data) {
                        seen.add("ACK " + data);
                    }
                }).build();
    }

    @AfterEach
    void close() {
        server.finishAndReleaseAll();
        client.finishAndReleaseAll();
    }

    private Future<?> drain() {
        return new Http2GoAwayHook(PING_TIMEOUT).beforeClose(server);
    }

    private static void move(EmbeddedChannel from, EmbeddedChannel to) {
        for (ByteBuf next = from.readOutbound(); next != null; next = from.readOutbound()) {
            to.writeInbound(next);
        }
    }

    private void exchange() {
        for (int i = 0; i < 4; i++) {
            move(client, server);
            move(server, client);
        }
    }

    private int request() {
        int stream = clientHandler.connection().local().incrementAndGetNextStreamId();
        clientHandler.encoder().writeHeaders(client.pipeline().context(clientHandler), stream,
                new DefaultHttp2Headers().method("GET").path("/").scheme("https"), 0, true,
                client.newPromise());
        client.flush();
        return stream;
    }

    private void respond(int stream) {
        serverHandler.encoder().writeHeaders(server.pipeline().context(serverHandler), stream,
                new DefaultHttp2Headers().status("200"), 0, true, server.newPromise());
        server.flush();
        server.runPendingTasks();
    }

    private void pass(Duration time) {
        server.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        server.runScheduledPendingTasks();
    }

    @Test
    void requests_under_way_arrive_between_the_two_goaways() {
        exchange();
        int first = request();
        exchange();
        Future<?> drained = drain();
        int underWay = request();
        exchange();
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY " + underWay);
        assertThat(serverSees).containsExactly("HEADERS " + first, "HEADERS " + underWay);
        respond(first);
        assertThat(drained.isDone()).isFalse();
        respond(underWay);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void requests_above_the_last_stream_are_not_processed() {
        exchange();
        Future<?> drained = drain();
        exchange();
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY 0");
        serverSees.clear();
        // What a client does that has not read the last GOAWAY.
        EmbeddedChannel late = new EmbeddedChannel(handler(false, new ArrayList<>()));
        late.releaseOutbound();
        Http2ConnectionHandler lateHandler = late.pipeline().get(Http2ConnectionHandler.class);
        lateHandler.encoder().writeHeaders(late.pipeline().context(lateHandler), 3,
                new DefaultHttp2Headers().method("GET").path("/").scheme("https"), 0, true, late.newPromise());
        late.flush();
        move(late, server);
        late.finishAndReleaseAll();
        assertThat(serverSees).isEmpty();
        server.runPendingTasks();
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_peer_that_does_not_acknowledge_the_ping_is_told_the_last_stream_when_the_time_is_over() {
        exchange();
        int first = request();
        exchange();
        Future<?> drained = drain();
        move(server, client);
        assertThat(clientSees).containsExactly(ANY, "PING");
        pass(PING_TIMEOUT);
        move(server, client);
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY " + first);
        respond(first);
        assertThat(drained.isSuccess()).isTrue();
        exchange();
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY " + first, "HEADERS " + first);
        assertThat(serverSees).containsExactly("HEADERS " + first);
    }

    @Test
    void a_peer_that_says_nothing_at_all_is_told_too() {
        Future<?> drained = drain();
        pass(PING_TIMEOUT);
        server.runPendingTasks();
        assertThat(drained.isSuccess()).isTrue();
        move(server, client);
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY 0");
    }

    @Test
    void the_applications_own_pings_stay_its_own() {
        exchange();
        serverHandler.encoder().writePing(server.pipeline().context(serverHandler), false, 7, server.newPromise());
        drain();
        exchange();
        serverHandler.encoder().writePing(server.pipeline().context(serverHandler), false, 8, server.newPromise());
        server.flush();
        exchange();
        assertThat(serverSees).containsExactly("ACK 7", "ACK 8");
    }

    @Test
    void a_peer_that_has_sent_goaway_itself_is_waited_for() {
        exchange();
        int first = request();
        exchange();
        clientHandler.goAway(client.pipeline().context(clientHandler), 0, 0, Unpooled.EMPTY_BUFFER,
                client.newPromise());
        client.flush();
        exchange();
        Future<?> drained = drain();
        exchange();
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY " + first);
        respond(first);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void where_the_last_stream_was_told_before_only_its_streams_are_waited_for() {
        exchange();
        int first = request();
        exchange();
        serverHandler.goAway(server.pipeline().context(serverHandler), first, 0, Unpooled.EMPTY_BUFFER,
                server.newPromise());
        Future<?> drained = drain();
        server.flush();
        exchange();
        assertThat(clientSees).containsExactly("GOAWAY " + first);
        assertThat(drained.isDone()).isFalse();
        respond(first);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_client_tells_the_last_stream_at_once_and_waits_for_its_own() {
        exchange();
        int first = request();
        exchange();
        Future<?> drained = new Http2GoAwayHook().beforeClose(client);
        exchange();
        assertThat(serverSees).containsExactly("HEADERS " + first, "GOAWAY 0");
        assertThat(drained.isDone()).isFalse();
        respond(first);
        exchange();
        client.runPendingTasks();
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void asked_again_it_joins() {
        exchange();
        int first = request();
        exchange();
        drain();
        Future<?> again = drain();
        exchange();
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY " + first);
        assertThat(again.isDone()).isFalse();
        respond(first);
        assertThat(again.isSuccess()).isTrue();
    }

    @Test
    void the_end_of_the_connection_ends_the_wait() {
        exchange();
        request();
        exchange();
        Future<?> drained = drain();
        server.pipeline().firstContext().close();
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void the_close_that_follows_adds_no_goaway() {
        exchange();
        drain().addListener(drained -> server.close());
        exchange();
        server.runPendingTasks();
        exchange();
        assertThat(clientSees).containsExactly(ANY, "PING", "GOAWAY 0");
        assertThat(server.isOpen()).isFalse();
    }

    @Test
    void what_is_not_http_2_is_left_alone() {
        assertThat(new Http2GoAwayHook().beforeClose(new EmbeddedChannel()).isSuccess()).isTrue();
        assertThatThrownBy(() -> new Http2GoAwayHook(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("pingTimeout: PT-0.000000001S (expected: PT0S to PT8760H)");
    }
}

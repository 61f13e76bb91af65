package io.closenotify.quic.http3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class Http3GoAwayHookTest {

    private static final long ANY = 0x3ffffffffffffffcL;
    private static final String OK = "01030000d9";
    /** H3_REQUEST_REJECTED */
    private static final String REJECTED = "reset 0x10b";
    private static final Duration LONG = Duration.ofMinutes(1);

    private Http3Bench bench;

    @AfterEach
    void close() {
        if (bench != null) {
            bench.close();
        }
    }

    private void connect() throws Exception {
        bench = new Http3Bench(channel -> channel.pipeline().addLast(new Http3GoAwayHandler()));
    }

    private void onLoop(Runnable task) throws InterruptedException {
        Http3Bench.done(bench.server.eventLoop().submit(task));
    }

    private Future<?> drain(Http3GoAwayHook hook) throws InterruptedException {
        Future<Future<?>> asked = bench.server.eventLoop().submit(() -> hook.beforeClose(bench.server));
        Http3Bench.done(asked);
        return asked.getNow();
    }

    /** The grace is over. */
    private void tellLastRequest() throws InterruptedException {
        onLoop(bench.server.pipeline().get(Http3GoAwayHandler.class)::tellLastRequest);
    }

    private void assertWaits(Future<?> drained) throws InterruptedException {
        onLoop(() -> { });
        assertThat(drained.isDone()).isFalse();
    }

    @Test
    void an_idle_connection_is_told_twice_a_grace_apart() throws Exception {
        connect();

        Future<?> drained = drain(new Http3GoAwayHook());

        assertThat(bench.nextGoAway()).isEqualTo(ANY);
        assertThat(bench.nextGoAway()).isZero();
        Http3Bench.done(drained);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_request_on_its_way_is_taken_within_the_grace_and_answered_before_the_end() throws Exception {
        connect();
        Future<?> drained = drain(new Http3GoAwayHook(LONG));
        assertThat(bench.nextGoAway()).isEqualTo(ANY);

        Http3Bench.request(bench.stream());
        ChannelHandlerContext request = bench.nextRequest();
        assertThat(bench.hasNoGoAway()).isTrue();
        tellLastRequest();

        assertThat(bench.nextGoAway()).isEqualTo(4);
        assertWaits(drained);
        Http3Bench.answer(request);
        assertThat(bench.nextResponse()).isEqualTo(OK);
        Http3Bench.done(drained);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void a_request_behind_the_last_is_rejected_unseen() throws Exception {
        connect();
        Http3Bench.request(bench.stream());
        ChannelHandlerContext request = bench.nextRequest();
        Future<?> drained = drain(new Http3GoAwayHook(Duration.ZERO));
        assertThat(bench.nextGoAway()).isEqualTo(ANY);
        assertThat(bench.nextGoAway()).isEqualTo(4);

        Http3Bench.request(bench.stream());

        assertThat(bench.nextResponse()).isEqualTo(REJECTED);
        assertThat(bench.hasNoRequest()).isTrue();
        assertWaits(drained);
        Http3Bench.answer(request);
        Http3Bench.done(drained);
    }

    @Test
    void a_request_that_others_have_overtaken_is_waited_for() throws Exception {
        connect();
        QuicStreamChannel late = bench.stream();
        Http3Bench.request(bench.stream());
        ChannelHandlerContext early = bench.nextRequest();
        Future<?> drained = drain(new Http3GoAwayHook(Duration.ZERO));
        assertThat(bench.nextGoAway()).isEqualTo(ANY);
        assertThat(bench.nextGoAway()).isEqualTo(8);
        Http3Bench.answer(early);
        assertThat(bench.nextResponse()).isEqualTo(OK);
        assertWaits(drained);

        Http3Bench.request(late);

        Http3Bench.answer(bench.nextRequest());
        assertThat(bench.nextResponse()).isEqualTo(OK);
        Http3Bench.done(drained);
    }

    @Test
    void asked_again_it_joins_what_is_in_progress() throws Exception {
        connect();
        Future<?> first = drain(new Http3GoAwayHook(LONG));
        Future<?> second = drain(new Http3GoAwayHook(Duration.ZERO));
        assertThat(bench.nextGoAway()).isEqualTo(ANY);
        assertWaits(second);

        tellLastRequest();

        assertThat(bench.nextGoAway()).isZero();
        Http3Bench.done(first);
        Http3Bench.done(second);
    }

    @Test
    void a_connection_in_its_handshake_is_told_when_that_is_done() throws Exception {
        BlockingQueue<Future<?>> drained = new LinkedBlockingQueue<>();
        bench = new Http3Bench(channel -> {
            channel.pipeline().addLast(new Http3GoAwayHandler());
            assertThat(channel.isActive()).isFalse();
            drained.add(new Http3GoAwayHook(Duration.ZERO).beforeClose(channel));
        });

        assertThat(bench.nextGoAway()).isEqualTo(ANY);
        assertThat(bench.nextGoAway()).isZero();
        Http3Bench.done(drained.remove());
    }

    @Test
    void a_connection_that_ends_meanwhile_completes_it() throws Exception {
        connect();
        Future<?> drained = drain(new Http3GoAwayHook(LONG));

        bench.client.close();

        Http3Bench.done(drained);
        assertThat(drained.isSuccess()).isTrue();
    }

    @Test
    void without_the_handler_it_fails() throws Exception {
        bench = new Http3Bench(channel -> { });

        Future<?> drained = drain(new Http3GoAwayHook());

        Http3Bench.done(drained);
        assertThat(drained.cause()).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Http3GoAwayHandler");
    }

    @Test
    void a_connection_of_another_protocol_is_left_as_it_is() {
        assertThat(new Http3GoAwayHook().beforeClose(new EmbeddedChannel()).isSuccess()).isTrue();
    }

    @Test
    void the_handler_belongs_to_a_connection() {
        EmbeddedChannel other = new EmbeddedChannel(new ChannelInboundHandlerAdapter());

        assertThatThrownBy(() -> new Http3GoAwayHandler().handlerAdded(other.pipeline().firstContext()))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("QuicChannel");
    }

    @Test
    void a_negative_grace_is_refused() {
        assertThatThrownBy(() -> new Http3GoAwayHook(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("expected: >= 0");
    }
}

package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState;
import io.closenotify.ShutdownState.Want;
import io.closenotify.TransportPolicy;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.CharsetUtil;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DtlsShutdownTest {

    private ChannelPromise held;
    private final EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake();

    @AfterEach
    void close() {
        pair.close();
    }

    private Side side(boolean client) {
        return client ? pair.client : pair.server;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void both_alerts_are_exchanged(boolean clientFirst) {
        Side first = side(clientFirst);
        Side second = side(!clientFirst);
        first.write("last words");
        ShutdownFuture future = first.handler.shutdown();
        pair.exchange();

        ShutdownOutcome outcome = future.getNow();
        assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(outcome.initiator()).isEqualTo(ShutdownInitiator.LOCAL);
        assertThat(outcome.repeats()).isZero();
        assertThat(outcome.missingAtMost()).isZero();
        assertThat(outcome.sessionResumable()).isTrue();
        assertThat(second.received).hasToString("last words");
        assertThat(second.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(second.outcome().initiator()).isEqualTo(ShutdownInitiator.PEER);
        assertThat(second.outcome().missingAtMost()).isZero();
        assertThat(second.events).contains(new PeerCloseNotifyEvent(true), SslCloseCompletionEvent.SUCCESS);
        assertThat(first.events).contains(SslCloseCompletionEvent.SUCCESS);
    }

    @Test
    void the_channel_closes_at_the_end_of_the_linger() {
        ChannelFuture closed = pair.client.channel.pipeline().close();
        pair.exchange();
        assertThat(pair.client.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        pair.pass(1_999);
        assertThat(closed.isDone()).isFalse();
        pair.pass(1);
        assertThat(closed.isSuccess()).isTrue();
        assertThat(pair.client.channel.isOpen()).isFalse();
        assertThat(pair.server.channel.isOpen()).isFalse();
    }

    @Test
    void the_engine_is_let_go_of_when_nothing_but_the_linger_is_left() {
        assertThat(pair.client.handler.engine()).isNotNull();
        pair.client.handler.shutdown();
        pair.exchange();
        for (Side side : List.of(pair.client, pair.server)) {
            assertThat(side.channel.isOpen()).isTrue();
            assertThat(side.outcome().sessionResumable()).isTrue();
            assertThat(side.handler.engine()).isNull();
        }
    }

    @Test
    void data_that_the_kernel_refuses_during_the_shutdown_is_not_passed_over() {
        pair.client.channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                held = promise;
                ReferenceCountUtil.release(message);
                context.pipeline().remove(this);
            }
        });
        pair.client.channel.writeAndFlush(Unpooled.copiedBuffer("lost", CharsetUtil.UTF_8));
        ShutdownFuture future = pair.client.handler.shutdown();
        held.setFailure(new IOException("no buffer space"));
        pair.exchange();
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
        assertThat(future.outcome().cause()).hasMessage("no buffer space");
    }

    @Test
    void fast_does_not_wait() {
        ShutdownFuture future = pair.client.handler.shutdown(ShutdownPolicy.fast());
        pair.client.channel.runPendingTasks();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
        assertThat(future.getNow().bytesNotFlushed()).isZero();
        pair.exchange();
        assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
    }

    @Test
    void quiet_sends_nothing() {
        ShutdownFuture future = pair.client.handler.shutdown(ShutdownPolicy.quiet());
        pair.client.channel.runPendingTasks();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.QUIET);
        assertThat(EmbeddedDtlsPair.drop(pair.client)).isZero();
        assertThat(pair.client.channel.isOpen()).isFalse();
    }

    @Test
    void the_same_alert_is_sent_again_until_it_is_answered() {
        ShutdownFuture future = pair.client.handler.shutdown();
        ByteBuf first = pair.client.sent();
        pair.pass(100);
        ByteBuf second = pair.client.sent();
        assertThat(second).isEqualTo(first);
        pair.pass(199);
        assertThat(pair.client.sent()).isNull();
        pair.pass(1);
        assertThat(pair.client.handler.state()).isEqualTo(new ShutdownState(true, false, Want.WANT_READ));
        pair.exchange();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(future.getNow().repeats()).isEqualTo(2);
        first.release();
        second.release();
    }

    @Test
    void a_peer_that_has_missed_the_answer_is_answered_again() {
        ShutdownFuture future = pair.client.handler.shutdown();
        EmbeddedDtlsPair.carry(pair.client, pair.server);
        assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(EmbeddedDtlsPair.drop(pair.server)).isOne();
        assertThat(future.isDone()).isFalse();
        pair.pass(100);
        pair.exchange();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
    }

    @Test
    void nothing_is_answered_any_more_once_a_fatal_alert_came() {
        pair.server.channel.writeAndFlush(Unpooled.copyLong(1));
        ByteBuf late = pair.server.sent();
        ShutdownFuture future = pair.client.handler.shutdown();
        assertThat(EmbeddedDtlsPair.drop(pair.client)).isOne();
        pair.client.deliver(DtlsContexts.fatalAlert(pair.server.handler.engine()));
        // The alert is held back while a record before it is missing.
        pair.pass(100);
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.FATAL_ALERT);
        EmbeddedDtlsPair.drop(pair.client);

        pair.client.deliver(late);

        assertThat(EmbeddedDtlsPair.drop(pair.client)).isZero();
    }

    @Test
    void a_vanished_peer_ends_by_the_deadline() {
        ShutdownFuture future = pair.client.handler.shutdown();
        int sent = 0;
        for (int passed = 0; passed < 5_000; passed += 100) {
            assertThat(future.isDone()).isFalse();
            sent += EmbeddedDtlsPair.drop(pair.client);
            pair.pass(100);
        }
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT);
        assertThat(future.outcome().repeats()).isEqualTo(5);
        assertThat(sent).isEqualTo(6);
    }

    @Test
    void both_may_begin_at_once() {
        ShutdownFuture client = pair.client.handler.shutdown();
        ShutdownFuture server = pair.server.handler.shutdown();
        pair.exchange();
        assertThat(client.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(server.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
    }

    @Test
    void data_that_arrives_after_our_alert_is_delivered() {
        ShutdownFuture future = pair.client.handler.shutdown();
        pair.client.channel.runPendingTasks();
        pair.server.write("late");
        EmbeddedDtlsPair.carry(pair.server, pair.client);
        pair.exchange();
        assertThat(pair.client.received).hasToString("late");
        assertThat(future.getNow().bytesDelivered()).isEqualTo(4);
    }

    @Test
    void reordered_data_before_the_alert_is_delivered() {
        pair.client.write("overtaken");
        ByteBuf data = pair.client.sent();
        ShutdownFuture future = pair.client.handler.shutdown();
        EmbeddedDtlsPair.carry(pair.client, pair.server);
        pair.server.channel.runPendingTasks();
        assertThat(pair.server.outcome()).isNull();
        pair.pass(99);
        pair.server.deliver(data);
        pair.exchange();
        assertThat(pair.server.received).hasToString("overtaken");
        assertThat(pair.server.outcome().missingAtMost()).isZero();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
    }

    @Test
    void data_that_never_comes_is_missing() {
        pair.client.write("lost");
        EmbeddedDtlsPair.drop(pair.client);
        pair.client.handler.shutdown();
        pair.exchange();
        assertThat(pair.server.outcome()).isNull();
        pair.pass(100);
        assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(pair.server.outcome().missingAtMost()).isOne();
    }

    @Test
    void writes_after_the_shutdown_fail() {
        pair.client.handler.shutdown();
        pair.client.channel.runPendingTasks();
        ChannelFuture late = pair.client.channel.writeAndFlush(Unpooled.copiedBuffer("late", CharsetUtil.UTF_8));
        assertThat(late.cause()).isInstanceOf(WriteAfterShutdownException.class);
    }

    @Test
    void a_write_that_comes_too_late_does_not_cost_the_answer() {
        pair.server.channel.pipeline().addAfter(pair.server.channel.pipeline().context(pair.server.handler).name(),
                "late", new ChannelInboundHandlerAdapter() {
                    @Override
                    public void userEventTriggered(ChannelHandlerContext context, Object event) {
                        if (event instanceof SslCloseCompletionEvent) {
                            ChannelFuture late = context.channel().writeAndFlush(pair.server.message("late"));
                            assertThat(late.cause()).isNotNull();
                        }
                        context.fireUserEventTriggered(event);
                    }
                });
        ShutdownFuture future = pair.client.handler.shutdown();
        pair.exchange();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
    }

    @Test
    void the_transport_cannot_be_kept() {
        ShutdownPolicy keep = ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();
        assertThatThrownBy(() -> pair.client.handler.shutdown(keep))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("transport: KEEP");
    }

    @Test
    void a_shutdown_may_be_hastened() {
        ShutdownFuture future = pair.client.handler.shutdown();
        pair.client.channel.runPendingTasks();
        assertThat(future.isDone()).isFalse();
        pair.client.handler.shutdown(ShutdownPolicy.fast());
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
        assertThat(future.getNow().mode()).isEqualTo(ShutdownMode.FAST);
    }

    @Test
    void abort_ends_at_once() {
        ShutdownFuture future = pair.client.handler.abort();
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
        assertThat(pair.client.channel.isOpen()).isFalse();
    }
}

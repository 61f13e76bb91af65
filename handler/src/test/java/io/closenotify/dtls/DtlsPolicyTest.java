package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.InboundPolicy;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState;
import io.closenotify.ShutdownState.Want;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each field of a policy does over datagrams. */
class DtlsPolicyTest {

    private final EmbeddedDtlsPair pair = new EmbeddedDtlsPair().handshake();

    @AfterEach
    void close() {
        pair.close();
    }

    private static ShutdownPolicy.Builder policy() {
        return ShutdownPolicy.bidirectional().toBuilder();
    }

    private ShutdownFuture begin(ShutdownPolicy policy) {
        ShutdownFuture future = pair.client.handler.shutdown(policy);
        pair.client.channel.runPendingTasks();
        return future;
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "3, 4", "4, 5"})
    void data_beyond_the_cap_forces_the_end(int cap, int fatal) {
        ShutdownFuture future = begin(policy().inboundCap(cap).build());
        for (int i = 1; i <= fatal; i++) {
            assertThat(future.isDone()).isFalse();
            pair.server.write("x");
            EmbeddedDtlsPair.carry(pair.server, pair.client);
        }
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
        assertThat(future.outcome().bytesDelivered()).isEqualTo(cap);
        assertThat(future.outcome().bytesDiscarded()).isOne();
        assertThat(pair.client.received).hasSize(cap);
        assertThat(pair.client.channel.isOpen()).isFalse();
    }

    @Test
    void discarded_data_is_counted_only() {
        ShutdownFuture future = begin(policy().inboundAfterCloseNotify(InboundPolicy.DISCARD).build());
        pair.server.write("late");
        EmbeddedDtlsPair.carry(pair.server, pair.client);
        pair.exchange();
        assertThat(pair.client.received).isEmpty();
        assertThat(future.getNow().bytesDiscarded()).isEqualTo(4);
        assertThat(future.getNow().missingAtMost()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void on_demand_the_application_reads_at_its_leisure(boolean autoRead) {
        pair.client.channel.config().setAutoRead(autoRead);
        ShutdownFuture future = begin(ShutdownPolicy.halfClose());
        // The JDK's engine would answer at once; others go on.
        EmbeddedDtlsPair.drop(pair.client);
        pair.pass(60_000);
        EmbeddedDtlsPair.drop(pair.client);
        for (int i = 0; i < 100; i++) {
            pair.server.write("much more to be read, ");
        }
        EmbeddedDtlsPair.carry(pair.server, pair.client);
        assertThat(pair.client.received).hasSize(2_200);
        assertThat(future.isDone()).isFalse();
        ChannelFuture closed = pair.client.channel.pipeline().close();
        pair.server.handler.shutdown();
        pair.exchange();
        pair.pass(2_000);
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(closed.isSuccess()).isTrue();
    }

    @Test
    void what_was_read_on_demand_is_not_told_to_exceed_the_cap() {
        ShutdownFuture future = begin(ShutdownPolicy.halfClose().toBuilder().inboundCap(10).build());
        EmbeddedDtlsPair.drop(pair.client);
        pair.server.write("more than ten bytes");
        EmbeddedDtlsPair.carry(pair.server, pair.client);
        pair.client.channel.pipeline().close();
        pair.server.write("and ten");
        EmbeddedDtlsPair.carry(pair.server, pair.client);
        assertThat(pair.client.received).hasToString("more than ten bytesand ten");
        assertThat(future.isDone()).isFalse();
        pair.server.write("four");
        EmbeddedDtlsPair.carry(pair.server, pair.client);
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.ABORTED);
    }

    @ParameterizedTest
    @EnumSource
    void without_linger_the_channel_closes_with_the_outcome(ShutdownMode mode) {
        ShutdownFuture future = begin(policy().mode(mode).linger(Duration.ZERO).build());
        pair.exchange();
        assertThat(future.getNow().isSuccess()).isTrue();
        assertThat(pair.client.channel.isOpen()).isFalse();
    }

    @Test
    void a_peer_timeout_of_zero_waits_without_end() {
        ShutdownFuture future = begin(policy().peerTimeout(Duration.ZERO).build());
        int sent = 0;
        for (int passed = 0; passed < 3_600_000; passed += 100_000) {
            pair.pass(100_000);
            sent += EmbeddedDtlsPair.drop(pair.client);
        }
        assertThat(future.isDone()).isFalse();
        assertThat(sent).isBetween(5, 40);
        pair.server.handler.shutdown();
        pair.exchange();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(future.getNow().repeats()).isEqualTo(sent - 1);
    }

    @ParameterizedTest
    @EnumSource
    void what_never_leaves_is_no_success(ShutdownMode mode) {
        Queue<ByteBuf> swallowed = new ArrayDeque<>();
        Queue<ChannelPromise> promises = new ArrayDeque<>();
        pair.client.channel.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
                swallowed.add((ByteBuf) message);
                promises.add(promise);
            }
        });
        ChannelFuture write = pair.client.channel.writeAndFlush(pair.client.message("stuck"));
        ShutdownFuture future = begin(policy().mode(mode).flushTimeout(Duration.ofSeconds(1)).build());
        ChannelFuture closed = pair.client.channel.pipeline().close();
        pair.pass(999);
        assertThat(future.isDone()).isFalse();
        assertThat(pair.client.handler.state().want()).isEqualTo(Want.WANT_WRITE);
        pair.pass(1);
        assertThat(future.outcome().result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
        assertThat(closed.isSuccess()).isFalse();
        assertThat(pair.client.channel.isOpen()).isFalse();
        assertThat(write.isDone()).isFalse();
        swallowed.forEach(ByteBuf::release);
    }

    @Test
    void deferring_is_answering() {
        pair.server.handler.setPolicy(policy().onPeerCloseNotify(PeerClosePolicy.DEFER).build());
        ShutdownFuture future = begin(ShutdownPolicy.bidirectional());
        pair.exchange();
        assertThat(future.getNow().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(pair.server.outcome().result()).isEqualTo(ShutdownResult.CLEAN);
    }

    @ParameterizedTest
    @CsvSource({"true, false", "false, true", "true, true"})
    void declared_flags_count(boolean sent, boolean received) {
        if (sent) {
            pair.client.handler.setCloseNotifySent();
        }
        if (received) {
            pair.client.handler.setCloseNotifyReceived();
        }
        assertThat(pair.client.handler.state()).isEqualTo(new ShutdownState(sent, received, Want.NOTHING));
        ShutdownFuture future = begin(ShutdownPolicy.bidirectional());
        assertThat(EmbeddedDtlsPair.drop(pair.client)).isEqualTo(sent ? 0 : 1);
        if (sent && !received) {
            assertThat(future.isDone()).isFalse();
            pair.pass(5_000);
            assertThat(EmbeddedDtlsPair.drop(pair.client)).isZero();
            assertThat(future.outcome().result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(future.outcome().repeats()).isZero();
        } else {
            assertThat(future.getNow().result())
                    .isEqualTo(sent ? ShutdownResult.QUIET : ShutdownResult.UNIDIRECTIONAL);
        }
        pair.pass(2_000);
        assertThat(pair.client.channel.isOpen()).isFalse();
    }

    @Test
    void fast_may_become_bidirectional_before_the_alert_leaves() {
        ShutdownFuture fast = pair.client.handler.shutdown(ShutdownPolicy.fast());
        ShutdownFuture strengthened = pair.client.handler.shutdown(ShutdownPolicy.bidirectional());
        pair.client.channel.runPendingTasks();
        assertThat(fast.isDone()).isFalse();
        pair.exchange();
        ShutdownOutcome outcome = strengthened.getNow();
        assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(outcome.mode()).isEqualTo(ShutdownMode.BIDIRECTIONAL);
        assertThat(fast.getNow()).isSameAs(outcome);
    }

    @Test
    void late_records_are_answered_by_the_alert_within_limits() {
        begin(ShutdownPolicy.fast());
        EmbeddedDtlsPair.drop(pair.client);
        int answers = 0;
        for (int i = 0; i < 1_000; i++) {
            pair.server.write("still here");
            EmbeddedDtlsPair.carry(pair.server, pair.client);
            pair.pass(1);
            answers += EmbeddedDtlsPair.drop(pair.client);
        }
        // One in 50 ms.
        assertThat(answers).isEqualTo(20);
    }
}

package io.closenotify.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.closenotify.Protocol;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DrainTest {

    private static final DrainPolicy AT_ONCE = DrainPolicy.atOnce();
    private static final Duration SETTLE = Duration.ofMillis(150);

    private final Bench bench = new Bench();

    private static List<ShutdownByHand> connections(Bench bench, int count) {
        List<ShutdownByHand> connections = new ArrayList<>();
        for (int each = 0; each < count; each++) {
            connections.add(bench.tls("c" + each));
        }
        return connections;
    }

    private DrainReport report(Future<DrainReport> future) {
        assertThat(future.isDone()).isTrue();
        return future.getNow();
    }

    @Test
    void an_empty_server_is_drained_as_soon_as_nothing_can_come_any_more() {
        Future<DrainReport> future = bench.start(AT_ONCE);
        assertThat(future.isDone()).isFalse();

        bench.advance(SETTLE);

        assertThat(report(future).connections()).isZero();
        assertThat(report(future).worst()).isEmpty();
    }

    @Test
    void outcomes_are_counted_by_protocol_and_result() {
        ShutdownByHand clean = bench.tls("clean");
        ShutdownByHand silent = bench.tls("silent");
        ShutdownByHand quic = bench.connection(Protocol.QUIC, "quic", true);
        Future<DrainReport> future = bench.start(AT_ONCE);
        assertThat(bench.closes).containsOnlyKeys("clean", "silent", "quic");

        clean.end(ShutdownResult.CLEAN);
        silent.end(ShutdownResult.PEER_SILENT);
        quic.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);

        DrainReport report = report(future);
        assertThat(report.connections()).isEqualTo(3);
        assertThat(report.outcomes()).isEqualTo(Map.of(
                Protocol.TLS, Map.of(ShutdownResult.CLEAN, 1, ShutdownResult.PEER_SILENT, 1),
                Protocol.QUIC, Map.of(ShutdownResult.CLEAN, 1)));
        assertThat(report.count(Protocol.DTLS, ShutdownResult.CLEAN)).isZero();
        assertThat(report.forced()).isZero();
        assertThat(report.worst().get(0)).satisfies(worst -> {
            assertThat(worst.address()).isEqualTo(new LocalAddress("silent"));
            assertThat(worst.result()).isEqualTo(ShutdownResult.PEER_SILENT);
            assertThat(worst.cause()).hasMessage("PEER_SILENT");
        });
    }

    @Test
    void a_plaintext_connection_is_closed_and_counted_as_that() {
        EmbeddedChannel plain = bench.channel();
        bench.tracker.track(plain);

        Future<DrainReport> future = bench.start(AT_ONCE);
        bench.advance(SETTLE);

        assertThat(plain.isOpen()).isFalse();
        assertThat(report(future).withoutShutdown()).isEqualTo(1);
        assertThat(report(future).outcomes()).isEmpty();
        assertThat(report(future).forced()).isZero();
    }

    @Test
    void starts_are_spread_evenly() {
        List<ShutdownByHand> connections = connections(bench, 10);
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().spread(Duration.ofSeconds(1)).build());
        bench.advance(Duration.ofSeconds(2));

        assertThat(bench.closes.values())
                .containsExactlyElementsOf(LongStream.range(0, 10).map(each -> each * 100).boxed().toList());
        connections.forEach(connection -> connection.end(ShutdownResult.CLEAN));
        bench.advance(SETTLE);
        assertThat(report(future).startedWithin()).isEqualTo(Duration.ofMillis(900));
    }

    @Test
    void no_more_than_the_cap_are_in_shutdown_at_once() {
        List<ShutdownByHand> connections = connections(bench, 10);
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().concurrency(3).build());

        for (int ended = 0; ended < 10; ended++) {
            bench.advance(Duration.ofMillis(100));
            assertThat(bench.closes).hasSize(Math.min(10, ended + 3));
            connections.get(ended).end(ShutdownResult.CLEAN);
        }
        bench.advance(SETTLE);

        assertThat(report(future).mostAtOnce()).isEqualTo(3);
        assertThat(report(future).count(Protocol.TLS, ShutdownResult.CLEAN)).isEqualTo(10);
    }

    @Test
    void who_lingers_behind_a_known_outcome_does_not_count_towards_the_cap() {
        List<ShutdownByHand> connections = connections(bench, 2);
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().concurrency(1).build());
        assertThat(bench.closes).containsOnlyKeys("c0");

        connections.get(0).settle(ShutdownResult.CLEAN);
        bench.advance(Duration.ofMillis(100));

        assertThat(bench.closes).containsOnlyKeys("c0", "c1");
        connections.get(1).end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(future.isDone()).isFalse();
        connections.get(0).closeTransport();
        bench.settle();
        assertThat(report(future).count(Protocol.TLS, ShutdownResult.CLEAN)).isEqualTo(2);
    }

    @Test
    void what_is_left_at_the_deadline_is_forced_and_named() {
        ShutdownByHand clean = bench.tls("clean");
        bench.tls("stuck");
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().deadline(Duration.ofSeconds(2)).build());
        clean.end(ShutdownResult.CLEAN);

        bench.advance(Duration.ofMillis(1995));
        assertThat(future.isDone()).isFalse();
        bench.advance(Bench.STEP);

        DrainReport report = report(future);
        assertThat(report.forced()).isEqualTo(1);
        assertThat(report.elapsed()).isEqualTo(Duration.ofSeconds(2));
        assertThat(report.count(Protocol.TLS, ShutdownResult.ABORTED)).isEqualTo(1);
        assertThat(report.worst()).hasSize(2).first().satisfies(worst -> {
            assertThat(worst.address()).isEqualTo(new LocalAddress("stuck"));
            assertThat(worst.forced()).isTrue();
            assertThat(worst.result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(worst.elapsed()).isEqualTo(Duration.ofSeconds(2));
        });
    }

    @Test
    void what_the_cap_kept_from_beginning_is_forced_as_well() {
        connections(bench, 3);
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().concurrency(1).build());

        bench.advance(Duration.ofSeconds(15));

        assertThat(bench.closes).containsOnlyKeys("c0");
        assertThat(report(future).forced()).isEqualTo(3);
        assertThat(report(future).count(Protocol.TLS, ShutdownResult.ABORTED)).isEqualTo(3);
    }

    @Test
    void who_lingers_at_the_deadline_loses_the_transport_and_is_not_forced() {
        ShutdownByHand lingering = bench.tls("lingering");
        Future<DrainReport> future = bench.start(AT_ONCE);
        lingering.settle(ShutdownResult.CLEAN);

        bench.advance(Duration.ofSeconds(15));

        assertThat(report(future).forced()).isZero();
        assertThat(report(future).lingersCut()).isEqualTo(1);
        assertThat(report(future).count(Protocol.TLS, ShutdownResult.CLEAN)).isEqualTo(1);
    }

    @Test
    void who_does_not_heed_abort_loses_the_transport_after_the_grace() {
        ShutdownByHand deaf = bench.connection(Protocol.TLS, "deaf", false);
        Future<DrainReport> future = bench.start(AT_ONCE);

        bench.advance(Duration.ofMillis(15_995));
        assertThat(future.isDone()).isFalse();
        bench.advance(Bench.STEP);
        // As handlers do when their channel becomes inactive.
        deaf.settle(ShutdownResult.RESET);
        bench.settle();

        assertThat(report(future).forced()).isEqualTo(1);
        assertThat(report(future).count(Protocol.TLS, ShutdownResult.RESET)).isEqualTo(1);
    }

    @Test
    void a_connection_whose_close_is_swallowed_is_forced_past_its_handlers() {
        EmbeddedChannel stubborn = bench.channel(new ChannelDuplexHandler() {
            @Override
            public void close(ChannelHandlerContext context, ChannelPromise promise) {
                bench.events.add("swallowed");
            }
        });
        bench.tracker.track(stubborn);
        Future<DrainReport> future = bench.start(AT_ONCE);
        bench.advance(Duration.ofSeconds(15));

        assertThat(bench.events).containsExactly("swallowed");
        assertThat(stubborn.isOpen()).isFalse();
        assertThat(report(future).forced()).isEqualTo(1);
        assertThat(report(future).withoutShutdown()).isEqualTo(1);
    }

    @Test
    void a_connection_whose_event_loop_does_not_answer_is_given_up_after_twice_the_grace() {
        EmbeddedChannel stalled = bench.channel();
        bench.tracker.track(stalled);
        bench.stall(stalled);
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().deadline(Duration.ofSeconds(1)).build());

        bench.advance(Duration.ofMillis(2995));
        assertThat(future.isDone()).isFalse();
        bench.advance(Bench.STEP);

        assertThat(report(future).forced()).isEqualTo(1);
        assertThat(report(future).worst()).singleElement().satisfies(worst -> {
            assertThat(worst.forced()).isTrue();
            assertThat(worst.cause()).hasMessageContaining("does not answer");
        });
    }

    @Test
    void hooks_run_in_their_order_and_the_close_waits_for_them() {
        Promise<Void> first = bench.promise();
        DrainPolicy policy = AT_ONCE.toBuilder().hooks(channel -> {
            bench.events.add("first");
            return first;
        }, channel -> {
            bench.events.add("second");
            return channel.newSucceededFuture();
        }).build();
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.start(policy);
        assertThat(bench.events).containsExactly("first");

        first.setSuccess(null);
        bench.settle();

        assertThat(bench.events).containsExactly("first", "second", "close c");
        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(report(future).hooksFailed()).isZero();
    }

    @Test
    void a_hook_that_throws_or_fails_or_has_no_future_is_counted_and_the_shutdown_goes_on() {
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().hooks(
                channel -> {
                    throw new IllegalStateException("thrown");
                },
                channel -> channel.newFailedFuture(new IllegalStateException("failed")),
                channel -> null,
                channel -> {
                    throw new AssertionError("thrown");
                }).build());

        assertThat(bench.events).containsExactly("close c");
        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(report(future).hooksFailed()).isEqualTo(4);
    }

    @Test
    void a_hook_that_never_completes_holds_the_shutdown_up_for_its_timeout_only() {
        Promise<Void> never = bench.promise();
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder()
                .hooks(channel -> never).hookTimeout(Duration.ofSeconds(2)).build());

        bench.advance(Duration.ofSeconds(3));
        assertThat(bench.closes.get("c")).isBetween(2000L, 2010L);
        never.setSuccess(null);
        bench.settle();
        assertThat(bench.events).containsExactly("close c");

        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(report(future).hooksFailed()).isEqualTo(1);
    }

    @Test
    void the_deadline_does_not_wait_for_a_hook() {
        Promise<Void> never = bench.promise();
        bench.tls("c");
        Future<DrainReport> future = bench.start(
                AT_ONCE.toBuilder().hooks(channel -> never).hookTimeout(Duration.ZERO).build());

        bench.advance(Duration.ofSeconds(15));

        assertThat(report(future).forced()).isEqualTo(1);
        never.setSuccess(null);
        bench.settle();
        assertThat(bench.events).isEmpty();
    }

    @Test
    void connections_that_end_by_themselves_before_their_turn_are_counted_with_their_outcome() {
        List<ShutdownByHand> connections = connections(bench, 3);
        EmbeddedChannel plain = bench.channel();
        bench.tracker.track(plain);
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().spread(Duration.ofSeconds(10)).build());
        assertThat(bench.closes).containsOnlyKeys("c0");

        connections.get(0).end(ShutdownResult.CLEAN);
        connections.get(1).end(ShutdownResult.TRUNCATED);
        connections.get(2).closeTransport();
        plain.close();
        bench.advance(SETTLE);

        DrainReport report = report(future);
        assertThat(bench.closes).containsOnlyKeys("c0");
        assertThat(report.outcomes()).isEqualTo(Map.of(
                Protocol.TLS, Map.of(ShutdownResult.CLEAN, 1, ShutdownResult.TRUNCATED, 1)));
        assertThat(report.withoutShutdown()).isEqualTo(2);
        assertThat(report.connections()).isEqualTo(4);
    }

    @Test
    void connections_that_come_late_are_shut_down_too() {
        ChannelGroup group = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
        ShutdownByHand early = bench.tls("early");
        Future<DrainReport> future = bench.drain().connections(group).build().start();
        bench.settle();

        ShutdownByHand late = bench.tls("late");
        EmbeddedChannel grouped = bench.channel();
        group.add(grouped);
        EmbeddedChannel pending = bench.unregistered();
        bench.tracker.track(pending);
        bench.advance(SETTLE);

        assertThat(bench.closes).containsOnlyKeys("early", "late");
        assertThat(grouped.isOpen()).isFalse();
        early.end(ShutdownResult.CLEAN);
        late.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(future.isDone()).as("a connection whose event loop has yet to hear of it").isFalse();
        pendingRegistered(pending);
        bench.advance(SETTLE);
        assertThat(pending.isOpen()).isFalse();
        assertThat(report(future).connections()).isEqualTo(4);
    }

    @Test
    void a_connection_that_never_gets_an_event_loop_is_closed_and_told_of() {
        EmbeddedChannel held = bench.unregistered();
        bench.tracker.track(held);
        Future<DrainReport> future = bench.start(AT_ONCE);
        bench.advance(AT_ONCE.deadline().plus(SETTLE));
        assertThat(held.isOpen()).isFalse();
        DrainReport report = report(future);
        assertThat(report.connections()).isOne();
        assertThat(report.forced()).isOne();
        assertThat(report.withoutShutdown()).isOne();
        assertThat(report.worst()).singleElement()
                .satisfies(peer -> assertThat(peer.cause()).hasMessageContaining("event loop"));
    }

    private static void pendingRegistered(EmbeddedChannel channel) {
        try {
            channel.register();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_connection_that_comes_behind_the_deadline_is_forced_too() {
        bench.connection(Protocol.TLS, "deaf", false);
        Future<DrainReport> future = bench.start(AT_ONCE);
        bench.advance(Duration.ofSeconds(15));

        bench.tls("late");
        bench.settle();

        assertThat(bench.closes).containsOnlyKeys("deaf");
        bench.advance(Duration.ofSeconds(2));
        assertThat(report(future).forced()).isEqualTo(2);
    }

    @Test
    void a_second_start_joins_the_first() {
        ShutdownByHand connection = bench.tls("c");
        Drain drain = bench.drain().build();
        assertThat(drain.isStarted()).isFalse();
        Future<DrainReport> first = drain.start();
        Future<DrainReport> second = drain.start();
        bench.settle();

        assertThat(drain.isStarted()).isTrue();
        assertThat(second).isSameAs(first);
        assertThat(bench.events).containsExactly("close c");
        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(report(drain.start()).connections()).isEqualTo(1);
    }

    @Test
    void two_drains_of_the_same_connections_both_end() {
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> first = bench.start(AT_ONCE);
        Future<DrainReport> second = bench.start(AT_ONCE);

        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);

        assertThat(report(first).count(Protocol.TLS, ShutdownResult.CLEAN)).isEqualTo(1);
        assertThat(report(second).count(Protocol.TLS, ShutdownResult.CLEAN)).isEqualTo(1);
    }

    @Test
    void without_deadline_it_waits_without_end() {
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().deadline(Duration.ZERO).build());

        bench.advance(Duration.ofMinutes(2));
        assertThat(future.isDone()).isFalse();
        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);

        assertThat(report(future).forced()).isZero();
    }

    @Test
    void the_listener_is_told_how_it_gets_on() {
        List<ShutdownByHand> connections = connections(bench, 4);
        List<DrainProgress> told = new ArrayList<>();
        Future<DrainReport> future = bench.drain().progress(Duration.ofSeconds(1), told::add)
                .policy(AT_ONCE.toBuilder().spread(Duration.ofMillis(3600)).deadline(Duration.ofSeconds(10)).build())
                .build().start();
        bench.settle();
        connections.get(0).end(ShutdownResult.CLEAN);
        bench.advance(Duration.ofMillis(1500));
        connections.get(1).settle(ShutdownResult.CLEAN);
        bench.advance(Duration.ofSeconds(1));

        assertThat(told).extracting(DrainProgress::open).containsExactly(4, 2, 1);
        assertThat(told).extracting(DrainProgress::closing).containsExactly(0, 1, 2);
        assertThat(told).extracting(DrainProgress::done).containsExactly(0, 1, 1);
        assertThat(told).extracting(DrainProgress::eta)
                .containsExactly(Duration.ofSeconds(10), Duration.ofSeconds(3), Duration.ofSeconds(6));
        bench.advance(Duration.ofSeconds(10));
        assertThat(future.isDone()).isTrue();
        assertThat(told.get(told.size() - 1)).isEqualTo(
                new DrainProgress(0, 0, 4, 2, Duration.ofSeconds(10), Duration.ZERO));
    }

    @Test
    void a_listener_that_throws_does_not_stop_the_drain() {
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.drain().progress(Duration.ofMillis(50), progress -> {
            throw new IllegalStateException("thrown by the test");
        }).build().start();
        bench.settle();

        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);

        assertThat(report(future).connections()).isEqualTo(1);
    }

    @Test
    void nothing_is_shut_down_before_the_servers_refuse_and_they_close_when_idle() {
        ShutdownByHand connection = bench.tls("c");
        Bench.Listener server = bench.new Listener();
        Future<DrainReport> future = bench.drain().server(server).build().start();
        bench.settle();
        assertThat(bench.events).containsExactly("stop");

        server.stopped.setSuccess(null);
        bench.settle();
        assertThat(bench.events).containsExactly("stop", "close c");
        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(bench.events).containsExactly("stop", "close c", "idle");
        assertThat(future.isDone()).isFalse();
        server.idle.setSuccess(null);
        bench.settle();

        assertThat(bench.events).containsExactly("stop", "close c", "idle", "closed");
        assertThat(future.isDone()).isTrue();
    }

    @Test
    void a_server_that_never_stops_or_never_is_idle_holds_nothing_up_for_ever() {
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.drain().server(bench.new Listener()).build().start();
        bench.settle();
        bench.advance(Duration.ofSeconds(2));
        assertThat(bench.events).containsExactly("stop", "close c");
        connection.end(ShutdownResult.CLEAN);

        bench.advance(Duration.ofSeconds(13));

        assertThat(bench.events).containsExactly("stop", "close c", "idle", "closed");
        assertThat(report(future).forced()).isZero();
    }

    @Test
    void the_server_goes_on_for_the_delay() {
        Bench.Listener server = bench.new Listener();
        server.stopped.setSuccess(null);
        bench.tls("c");
        Future<DrainReport> future = bench.drain().server(server)
                .policy(AT_ONCE.toBuilder().refuseDelay(Duration.ofSeconds(3)).build()).build().start();
        bench.settle();
        bench.advance(Duration.ofMillis(2995));
        assertThat(bench.events).isEmpty();
        bench.advance(Bench.STEP);

        assertThat(bench.events).containsExactly("stop", "close c");
        bench.advance(Duration.ofSeconds(12));
        assertThat(report(future).elapsed()).isEqualTo(Duration.ofSeconds(15));
    }

    @Test
    void the_lateness_of_an_event_loop_is_measured() {
        connections(bench, 1);
        EmbeddedChannel late = bench.channel();
        bench.tracker.track(late);
        // Its turn is not yet: a channel of this kind cancels its loop's timers when it closes.
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().spread(Duration.ofSeconds(10)).build());
        bench.advance(Duration.ofMillis(100));
        bench.stall(late);
        bench.advance(Duration.ofMillis(80));
        bench.resume(late, Duration.ofMillis(80));
        bench.settle();
        bench.advance(Duration.ofSeconds(15));

        assertThat(report(future).longestStall()).isEqualTo(Duration.ofMillis(70));
    }

    @Test
    void the_report_names_no_more_peers_than_it_may() {
        connections(bench, 5).get(3);
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().worstPeers(2).build());

        bench.advance(Duration.ofSeconds(15));

        assertThat(report(future).forced()).isEqualTo(5);
        assertThat(report(future).worst()).hasSize(2);
    }

    @Test
    void without_grace_it_is_told_all_the_same_what_became_of_the_forced() {
        bench.tls("stuck");
        ShutdownByHand lingering = bench.tls("lingering");
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().grace(Duration.ZERO).build());
        lingering.settle(ShutdownResult.CLEAN);

        bench.advance(Duration.ofSeconds(15));

        DrainReport report = report(future);
        assertThat(report.outcomes()).isEqualTo(Map.of(
                Protocol.TLS, Map.of(ShutdownResult.CLEAN, 1, ShutdownResult.ABORTED, 1)));
        assertThat(report.forced()).isEqualTo(1);
        assertThat(report.lingersCut()).isEqualTo(1);
    }

    @Test
    void who_lingers_on_an_event_loop_that_does_not_answer_is_cut_and_not_forced() {
        EmbeddedChannel stalled = bench.channel(
                new ShutdownByHand(Protocol.TLS, "stalled", true, () -> bench.events.add("close")));
        bench.tracker.track(stalled);
        Future<DrainReport> future = bench.start(AT_ONCE);
        stalled.pipeline().get(ShutdownByHand.class).settle(ShutdownResult.CLEAN);
        bench.settle();
        bench.stall(stalled);

        bench.advance(Duration.ofSeconds(17));

        assertThat(report(future).count(Protocol.TLS, ShutdownResult.CLEAN)).isEqualTo(1);
        assertThat(report(future).forced()).isZero();
        assertThat(report(future).lingersCut()).isEqualTo(1);
    }

    @Test
    void a_connection_that_ends_by_itself_during_a_hook_is_not_waited_for_and_has_no_other_hook() {
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().deadline(Duration.ZERO)
                .hookTimeout(Duration.ofSeconds(2))
                .hooks(channel -> bench.promise(), channel -> {
                    bench.events.add("second");
                    return channel.newSucceededFuture();
                }).build());

        connection.end(ShutdownResult.TRUNCATED);
        bench.advance(SETTLE);

        assertThat(report(future).count(Protocol.TLS, ShutdownResult.TRUNCATED)).isEqualTo(1);
        assertThat(report(future).hooksFailed()).isZero();
        bench.advance(Duration.ofSeconds(3));
        assertThat(bench.events).isEmpty();
    }

    @Test
    void a_listener_that_throws_an_error_does_not_stop_the_drain() {
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.drain().progress(Duration.ofMillis(50), progress -> {
            throw new NoClassDefFoundError("thrown by the test");
        }).build().start();
        bench.settle();

        assertThat(bench.closes).containsOnlyKeys("c");
        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);

        assertThat(report(future).connections()).isEqualTo(1);
    }

    @Test
    void what_has_no_outcome_took_until_its_end() {
        EmbeddedChannel slow = bench.channel(new ChannelDuplexHandler() {
            @Override
            public void close(ChannelHandlerContext context, ChannelPromise promise) {
                bench.events.add("close");
            }
        });
        bench.tracker.track(slow);
        Future<DrainReport> future = bench.start(AT_ONCE);

        bench.advance(Duration.ofSeconds(2));
        slow.pipeline().firstContext().close();
        bench.settle();
        bench.advance(SETTLE);

        assertThat(report(future).worst()).singleElement()
                .satisfies(worst -> assertThat(worst.elapsed()).isEqualTo(Duration.ofSeconds(2)));
    }

    @Test
    void an_interval_out_of_range_is_refused() {
        Duration tooLong = ShutdownPolicy.MAX_TIMEOUT.plusNanos(1);
        assertThatIllegalArgumentException().isThrownBy(() -> Drain.builder().progress(tooLong, told -> { }))
                .withMessage("interval: PT8760H0.000000001S (expected: > PT0S, at most PT8760H)");
        assertThatIllegalArgumentException().isThrownBy(() -> Drain.builder().progress(Duration.ZERO, told -> { }))
                .withMessageStartingWith("interval: PT0S");
    }

    @Test
    void of_two_hooks_in_one_the_second_runs_whatever_becomes_of_the_first_and_may_fail() {
        BeforeCloseHook throwing = channel -> {
            throw new IllegalStateException("thrown");
        };
        BeforeCloseHook noting = channel -> {
            bench.events.add("hook");
            return channel.newSucceededFuture();
        };
        ShutdownByHand connection = bench.tls("c");
        Future<DrainReport> future = bench.start(AT_ONCE.toBuilder().deadline(Duration.ZERO)
                .hookTimeout(Duration.ZERO)
                .hooks(throwing.andThen(noting), noting.andThen(throwing), noting.andThen(channel -> null)).build());

        assertThat(bench.events).containsExactly("hook", "hook", "hook", "close c");
        connection.end(ShutdownResult.CLEAN);
        bench.advance(SETTLE);
        assertThat(report(future).hooksFailed()).isEqualTo(3);
    }
}

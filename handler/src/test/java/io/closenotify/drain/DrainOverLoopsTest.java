package io.closenotify.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** On threads of their own. */
@Timeout(20)
class DrainOverLoopsTest {

    private static final long DEADLINE_SECONDS = 10;

    private final EventLoopGroup accepting = new DefaultEventLoopGroup(1);
    private final EventLoopGroup serving = new DefaultEventLoopGroup(4);
    private final EventLoopGroup clients = new DefaultEventLoopGroup(1);
    private final BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();

    @AfterEach
    void stop() {
        accepting.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        serving.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        clients.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private Channel server(ServerBootstrap bootstrap) throws InterruptedException {
        return bootstrap.group(accepting, serving).channel(LocalServerChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accepted.add(channel);
                    }
                })
                .bind(LocalAddress.ANY).sync().channel();
    }

    private ChannelFuture connecting(Channel server) {
        return new Bootstrap().group(clients).channel(LocalChannel.class)
                .handler(new ChannelInboundHandlerAdapter()).connect(server.localAddress());
    }

    private void connect(Channel server) throws InterruptedException {
        connecting(server).sync();
    }

    private Channel nextAccepted() throws InterruptedException {
        Channel next = accepted.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("accepted").isNotNull();
        return next;
    }

    private static DrainReport report(Future<DrainReport> future) throws InterruptedException {
        assertThat(future.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
        return future.getNow();
    }

    @Test
    void hooks_run_on_the_event_loop_of_their_connection_and_every_loop_is_served() throws Exception {
        Channel server = server(new ServerBootstrap());
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Drain drain = Drain.builder().server(server).policy(DrainPolicy.atOnce().toBuilder().hooks(channel -> {
            assertThat(channel.eventLoop().inEventLoop()).isTrue();
            threads.add(Thread.currentThread());
            return channel.newSucceededFuture();
        }).build()).build();
        for (int each = 0; each < 200; each++) {
            connect(server);
            nextAccepted();
        }

        DrainReport report = report(drain.start());

        assertThat(report.connections()).isEqualTo(200);
        assertThat(report.withoutShutdown()).isEqualTo(200);
        assertThat(report.hooksFailed()).isZero();
        assertThat(threads).hasSize(4);
        assertThat(server.isOpen()).isFalse();
    }

    @Test
    void a_connection_whose_event_loop_has_not_heard_of_it_yet_is_not_missed() throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        Channel server = server(new ServerBootstrap().handler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new ConnectionTracker(), new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelReadComplete(ChannelHandlerContext context) {
                        seen.countDown();
                    }
                });
            }
        }));
        CountDownLatch busy = new CountDownLatch(1);
        serving.forEach(loop -> loop.execute(() -> await(busy)));
        Channel client = connecting(server).channel();
        assertThat(seen.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();

        Future<DrainReport> future = Drain.builder().server(server).build().start();
        server.closeFuture().sync();
        busy.countDown();

        assertThat(report(future).connections()).isEqualTo(1);
        assertThat(client.closeFuture().await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void connections_whose_event_loop_ends_during_the_drain_do_not_hold_it_up() throws Exception {
        Channel server = server(new ServerBootstrap());
        CountDownLatch hooked = new CountDownLatch(1);
        Drain drain = Drain.builder().server(server).policy(DrainPolicy.atOnce().toBuilder()
                .deadline(Duration.ZERO).hooks(channel -> {
                    hooked.countDown();
                    return channel.eventLoop().newPromise();
                }).build()).build();
        connect(server);
        nextAccepted();
        Future<DrainReport> future = drain.start();
        assertThat(hooked.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();

        serving.shutdownGracefully(0, 1, TimeUnit.SECONDS);

        assertThat(report(future).connections()).isEqualTo(1);
    }

    @Test
    void what_is_no_server_channel_is_refused_by_name() {
        assertThatIllegalArgumentException().isThrownBy(() -> Drain.builder().server(new EmbeddedChannel()))
                .withMessageContaining("expected: a ServerChannel");
    }

    @Test
    void a_tracker_leaves_the_pipeline_of_a_connection_and_forgets_it_when_it_closes() {
        ConnectionTracker tracker = new ConnectionTracker();
        ChannelHandler handler = tracker;
        EmbeddedChannel channel = new EmbeddedChannel(handler);

        assertThat(tracker.size()).isEqualTo(1);
        assertThat(channel.pipeline().get(ConnectionTracker.class)).isNull();
        channel.close();
        assertThat(tracker.size()).isZero();
    }

    @Test
    void a_tracker_forgets_a_connection_that_was_refused_before_it_had_an_event_loop() throws Exception {
        ConnectionTracker tracker = new ConnectionTracker();
        CountDownLatch refused = new CountDownLatch(1);
        Channel server = server(new ServerBootstrap().handler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(tracker, new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object message) {
                        ((Channel) message).unsafe().closeForcibly();
                    }

                    @Override
                    public void channelReadComplete(ChannelHandlerContext context) {
                        refused.countDown();
                    }
                });
            }
        }));
        connecting(server);
        assertThat(refused.await(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();

        assertThat(tracker.size()).isZero();
    }

    @Test
    void a_server_whose_event_loops_have_ended_does_not_hold_the_drain_up() throws Exception {
        Channel server = server(new ServerBootstrap());
        Drain drain = Drain.builder().server(server)
                .policy(DrainPolicy.atOnce().toBuilder().deadline(Duration.ZERO).build()).build();
        connect(server);
        nextAccepted();
        accepting.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        serving.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();

        assertThat(report(drain.start()).connections()).isZero();
    }
}

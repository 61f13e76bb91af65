package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.WriteAfterShutdownException;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** Calls from other threads, between two sockets. */
@Timeout(30)
class DtlsThreadsTest {

    private static final int THREADS = 4;

    private final NioEventLoopGroup group = new NioEventLoopGroup(2);
    private final ExecutorService callers = Executors.newFixedThreadPool(THREADS);

    @AfterEach
    void stop() {
        callers.shutdownNow();
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** One end. */
    private static final class End extends ChannelInitializer<Channel> {

        private final DtlsHandler handler;
        private final Queue<ShutdownOutcome> outcomes = new ConcurrentLinkedQueue<>();
        private final Queue<Throwable> exceptions = new ConcurrentLinkedQueue<>();

        End(DtlsHandler handler) {
            this.handler = handler;
        }

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline().addLast(handler, new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    ReferenceCountUtil.release(message);
                }

                @Override
                public void userEventTriggered(ChannelHandlerContext context, Object event) {
                    if (event instanceof ShutdownOutcome outcome) {
                        outcomes.add(outcome);
                    }
                }

                @Override
                public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                    exceptions.add(cause);
                }
            });
        }
    }

    private Channel bind(End end) {
        return new Bootstrap().group(group).channel(NioDatagramChannel.class).handler(end)
                .bind(InetAddress.getLoopbackAddress(), 0).syncUninterruptibly().channel();
    }

    @RepeatedTest(3)
    void everyCallIsAnsweredAndThereIsOneOutcome() throws Exception {
        SSLContext context = DtlsContexts.withoutTickets();
        DtlsHandlerBuilder builder = DtlsHandler.builder(context).peer(EmbeddedDtlsPair.ADDRESS)
                .retransmitTimeout(Duration.ofMillis(50))
                .policy(ShutdownPolicy.bidirectional().toBuilder().linger(Duration.ofMillis(100)).build());
        End server = new End(builder.build(builder.settings().serverEngine(EmbeddedDtlsPair.ADDRESS)));
        End client = new End(builder.build());
        Channel serverChannel = bind(server);
        Channel clientChannel = bind(client);
        serverChannel.connect(address(clientChannel)).syncUninterruptibly();
        clientChannel.connect(address(serverChannel)).syncUninterruptibly();

        Queue<ChannelFuture> writes = new ConcurrentLinkedQueue<>();
        Queue<ShutdownFuture> shutdowns = new ConcurrentLinkedQueue<>();
        CountDownLatch written = new CountDownLatch(THREADS * 100);
        Future<?>[] done = new Future<?>[THREADS];
        for (int i = 0; i < THREADS; i++) {
            Channel channel = i % 2 == 0 ? clientChannel : serverChannel;
            DtlsHandler handler = i % 2 == 0 ? client.handler : server.handler;
            done[i] = callers.submit(() -> {
                handler.setPolicy(handler.policy());
                for (int k = 0; k < 300; k++) {
                    writes.add(channel.writeAndFlush(ByteBufUtil.writeUtf8(channel.alloc(), "message")));
                    assertThat(handler.state()).isNotNull();
                    assertThat(handler.maxMessageSize()).isBetween(0, 1_400);
                    written.countDown();
                }
                assertThat(written.await(10, TimeUnit.SECONDS)).isTrue();
                assertThat(handler.handshakeFuture().await(10, TimeUnit.SECONDS)).isTrue();
                for (int k = 0; k < 20; k++) {
                    shutdowns.add(handler.shutdown());
                    writes.add(channel.writeAndFlush(ByteBufUtil.writeUtf8(channel.alloc(), "late")));
                }
                channel.close();
                return null;
            });
        }
        for (Future<?> one : done) {
            one.get(20, TimeUnit.SECONDS);
        }
        for (ShutdownFuture shutdown : shutdowns) {
            assertThat(shutdown.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(clientChannel.closeFuture().await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(serverChannel.closeFuture().await(10, TimeUnit.SECONDS)).isTrue();
        for (ChannelFuture write : writes) {
            assertThat(write.await(10, TimeUnit.SECONDS)).isTrue();
            if (!write.isSuccess()) {
                assertThat(write.cause())
                        .isInstanceOfAny(WriteAfterShutdownException.class, ClosedChannelException.class);
            }
        }
        for (End end : new End[] {client, server}) {
            assertThat(end.outcomes).hasSize(1);
            assertThat(end.outcomes).extracting(ShutdownOutcome::result).containsOnly(ShutdownResult.CLEAN);
            assertThat(end.exceptions).isEmpty();
        }
    }

    private static InetSocketAddress address(Channel channel) {
        return (InetSocketAddress) channel.localAddress();
    }
}

package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/** A server on loopback. Once closed, it tells whether it has released every buffer. */
final class TestServer implements AutoCloseable {

    private static final long DEADLINE_SECONDS = 10;

    final BlockingQueue<EngineHandler> handlers = new LinkedBlockingQueue<>();
    final BlockingQueue<Channel> children = new LinkedBlockingQueue<>();
    final SSLContext clients = DtlsContexts.context();
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private final EventLoopGroup childGroup;
    private final DtlsServerChannel channel;

    /**
     * Binds a server.
     *
     * @param childThreads of a group of the children's own; zero shares the server's
     * @param engines whether the handlers make handshakes
     */
    TestServer(int childThreads, boolean engines, Consumer<DtlsServerChannelBuilder> options,
            Supplier<ChannelHandler> application) {
        childGroup = childThreads == 0 ? group : new NioEventLoopGroup(childThreads);
        DtlsServerChannelBuilder builder = DtlsServerChannel.builder(DtlsHandler.builder(DtlsContexts.context()))
                .handlers((peer, engine) -> {
                    EngineHandler handler = new EngineHandler(peer, engines ? engine : null);
                    handlers.add(handler);
                    return handler;
                });
        options.accept(builder);
        channel = (DtlsServerChannel) new ServerBootstrap().group(group, childGroup)
                .channelFactory(builder.build())
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel child) {
                        child.pipeline().addLast(application.get());
                        children.add(child);
                    }
                })
                .bind(NetUtil.LOCALHOST4, 0).syncUninterruptibly().channel();
    }

    DtlsServerChannel channel() {
        return channel;
    }

    EventLoopGroup childGroup() {
        return childGroup;
    }

    UnpooledByteBufAllocator allocator() {
        return allocator;
    }

    InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    ClientByHand client() throws Exception {
        return new ClientByHand(clients, address());
    }

    static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("within %s s", DEADLINE_SECONDS).isNotNull();
        return next;
    }

    static <F extends Future<?>> F done(F future) {
        assertThat(future.awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS))
                .as("done within %s s", DEADLINE_SECONDS).isTrue();
        return future;
    }

    /** What the server channel holds. */
    int count() throws Exception {
        return channel.eventLoop().submit(channel::children).get(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits until what the server's event loops have in hand is done. */
    void settle() {
        for (int i = 0; i < 2; i++) {
            settleServer();
            for (var loop : childGroup) {
                done(loop.submit(() -> { }));
            }
        }
    }

    /** The same for that of the server channel alone. */
    void settleServer() {
        done(channel.eventLoop().submit(() -> { }));
    }

    @Override
    public void close() {
        done(channel.close());
        done(childGroup.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS));
        done(group.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS));
        assertThat(allocator.metric().usedHeapMemory() + allocator.metric().usedDirectMemory())
                .as("bytes not released").isZero();
    }
}

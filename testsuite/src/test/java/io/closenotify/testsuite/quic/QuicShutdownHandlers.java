package io.closenotify.testsuite.quic;

import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testsuite.Waits;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** Our handlers as their connections come, before the handshake. */
final class QuicShutdownHandlers {

    private final BlockingQueue<QuicShutdownHandler> handlers = new LinkedBlockingQueue<>();

    /** The handler, and behind it what the test puts there. */
    QuicSetup setup(Consumer<QuicChannel> behind) {
        return new QuicSetup().connectionPipeline(channel -> {
            QuicShutdownHandler handler = QuicShutdownHandler.builder().build();
            ShutdownPair.add(channel, handler);
            behind.accept(channel);
            handlers.add(handler);
        });
    }

    /** Shuts down as the connection becomes active. */
    static QuicSetup closingAsActive(QuicShutdownPolicy policy) {
        return new QuicShutdownHandlers().setup(
                channel -> channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelActive(ChannelHandlerContext context) {
                        channel.attr(ShutdownPair.HANDLER).get().shutdown(policy);
                        context.fireChannelActive();
                    }
                }));
    }

    /** Waits for the next connection. */
    QuicShutdownHandler next() throws InterruptedException {
        return Waits.next(handlers, "a connection");
    }
}

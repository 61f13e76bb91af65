package io.closenotify.testsuite.dtls;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.testsuite.Waits;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.CharsetUtil;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** One of our clients, on a socket. */
public final class DtlsClient implements AutoCloseable {

    public final DtlsHandler handler;
    public final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    public final BlockingQueue<ShutdownOutcome> outcomes = new LinkedBlockingQueue<>();
    private final Channel channel;

    public DtlsClient(DtlsHandlerBuilder builder, InetSocketAddress server) throws InterruptedException {
        handler = builder.build();
        channel = Waits.done(new Bootstrap()
                .group(DtlsSetup.LOOPS)
                .channel(NioDatagramChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline().addLast(handler, new Application());
                    }
                })
                .connect(server)).channel();
    }

    public DtlsClient connected() throws InterruptedException {
        if (!Waits.done(handler.handshakeFuture()).isSuccess()) {
            throw new AssertionError("no handshake", handler.handshakeFuture().cause());
        }
        return this;
    }

    public Channel channel() {
        return channel;
    }

    public ChannelFuture send(String message) {
        return channel.writeAndFlush(Unpooled.copiedBuffer(message, CharsetUtil.UTF_8));
    }

    public String echoOf(String message) throws InterruptedException {
        send(message);
        return Waits.next(received, "the echo of " + message);
    }

    /** Waits for the outcome, whoever began. */
    public ShutdownOutcome outcome() throws InterruptedException {
        return Waits.next(outcomes, "the outcome");
    }

    public ShutdownOutcome shutdown(ShutdownPolicy policy) throws InterruptedException {
        return Waits.done(handler.shutdown(policy.toBuilder().linger(DtlsSetup.LINGER).build())).outcome();
    }

    @Override
    public void close() {
        if (channel.isOpen()) {
            handler.abort().awaitUninterruptibly(Waits.DEADLINE.toMillis());
        }
    }

    private final class Application extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf data = (ByteBuf) message;
            received.add(data.toString(CharsetUtil.UTF_8));
            data.release();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                outcomes.add(outcome);
            }
        }
    }
}

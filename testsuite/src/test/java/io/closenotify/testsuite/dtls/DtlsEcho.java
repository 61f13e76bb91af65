package io.closenotify.testsuite.dtls;

import io.closenotify.ShutdownOutcome;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.dtls.DtlsServerChannel;
import io.closenotify.dtls.DtlsServerChannelBuilder;
import io.closenotify.testsuite.Waits;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** A server that sends back what it is sent, and keeps the outcomes. */
public final class DtlsEcho implements AutoCloseable {

    public final BlockingQueue<Channel> connections = new LinkedBlockingQueue<>();
    public final BlockingQueue<ShutdownOutcome> outcomes = new LinkedBlockingQueue<>();
    public final AtomicInteger messages = new AtomicInteger();
    private final Channel channel;

    public DtlsEcho(DtlsHandlerBuilder children) throws InterruptedException {
        this(children, server -> server);
    }

    public DtlsEcho(DtlsHandlerBuilder children, UnaryOperator<DtlsServerChannelBuilder> configure)
            throws InterruptedException {
        channel = Waits.done(new ServerBootstrap()
                .group(DtlsSetup.LOOPS)
                .channelFactory(configure.apply(DtlsServerChannel.builder(children)).build())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        connections.add(child);
                        child.pipeline().addLast(new Echo());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)).channel();
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    @Override
    public void close() {
        channel.close().awaitUninterruptibly(Waits.DEADLINE.toMillis());
    }

    private final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            messages.incrementAndGet();
            context.write(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                outcomes.add(outcome);
            }
        }
    }
}

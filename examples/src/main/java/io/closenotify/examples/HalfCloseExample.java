package io.closenotify.examples;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;

/**
 * The end of our data is told by close_notify, as a FIN does for TCP, and we go on reading: as much as we ask for, for
 * as long as the peer has something to say.
 */
public final class HalfCloseExample {

    private static final int ANSWER = 1_000_000;

    private HalfCloseExample() {
    }

    /**
     * Runs the example.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        SslContext context = Loopback.serverContext();
        // A peer that answers at once, as most do, would have nothing more to say.
        ShutdownPolicy defer = ShutdownPolicy.bidirectional()
                .toBuilder()
                .onPeerCloseNotify(PeerClosePolicy.DEFER)
                .build();
        SslHandler tls = Loopback.clientContext().newHandler(ByteBufAllocator.DEFAULT);
        TlsShutdownHandler shutdown = TlsShutdownHandler.builder().build();
        OnDemand reader = new OnDemand();
        try (Loopback loopback = new Loopback()) {
            Channel server = loopback.listen(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(context.newHandler(channel.alloc()),
                            TlsShutdownHandler.builder().policy(defer).build(), new Report());
                }
            });
            Channel channel = loopback.connect(server, tls, shutdown, reader);
            tls.handshakeFuture().sync();
            channel.writeAndFlush(Loopback.text("some data, ")).sync();
            channel.writeAndFlush(Loopback.text("and the last of it")).sync();

            channel.config().setAutoRead(false);
            ShutdownFuture end = shutdown.shutdown(ShutdownPolicy.halfClose());
            channel.read();
            ShutdownOutcome outcome = end.sync().getNow();
            System.out.println("client: " + outcome.result() + ", " + reader.received
                    + " bytes after our close_notify");
            channel.closeFuture().sync();
        }
    }

    /** Reads the next when it is done with the last. */
    private static final class OnDemand extends SimpleChannelInboundHandler<ByteBuf> {

        private int received;

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
            received += data.readableBytes();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.read();
        }
    }

    /** Counts what comes, and reports at its end. */
    private static final class Report extends ChannelInboundHandlerAdapter {

        private int counted;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf data = (ByteBuf) message;
            counted += data.readableBytes();
            data.release();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof PeerCloseNotifyEvent end) {
                System.out.println("server: " + counted + " bytes"
                        + (end.authenticated() ? ", and that was all" : ""));
                context.writeAndFlush(Unpooled.wrappedBuffer(new byte[ANSWER]))
                        .addListener(ChannelFutureListener.CLOSE);
            }
            context.fireUserEventTriggered(event);
        }
    }
}

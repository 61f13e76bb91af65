package io.closenotify.examples;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The peer sends its last request and close_notify together, which ends its side only. The server answers when it has
 * the answer, and sends its own close_notify behind it.
 */
public final class DeferExample {

    private static final int ANSWER = 2_000_000;
    private static final int REQUESTS = 3;

    private DeferExample() {
    }

    /**
     * Runs the example.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        SslContext context = Loopback.serverContext();
        // docs: begin defer-policy
        ShutdownPolicy defer = ShutdownPolicy.bidirectional()
                .toBuilder()
                .onPeerCloseNotify(PeerClosePolicy.DEFER)
                .build();
        // docs: end defer-policy
        SslHandler tls = Loopback.clientContext().newHandler(ByteBufAllocator.DEFAULT);
        TlsShutdownHandler shutdown = TlsShutdownHandler.builder().build();
        AtomicLong received = new AtomicLong();
        try (Loopback loopback = new Loopback()) {
            Channel server = loopback.listen(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    channel.pipeline().addLast(context.newHandler(channel.alloc()),
                            TlsShutdownHandler.builder().policy(defer).build(), new SlowServer());
                }
            });
            Channel channel = loopback.connect(server, tls, shutdown, new SimpleChannelInboundHandler<ByteBuf>() {
                @Override
                protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
                    received.addAndGet(data.readableBytes());
                }
            });
            tls.handshakeFuture().sync();
            channel.writeAndFlush(Loopback.text("?".repeat(REQUESTS)));
            ShutdownOutcome outcome = shutdown.shutdown().sync().getNow();
            System.out.println("client: " + outcome.result() + ", " + received + " bytes");
            channel.closeFuture().sync();
        }
    }

    /** One byte is one request, and an answer takes its time. */
    static final class SlowServer extends SimpleChannelInboundHandler<ByteBuf> {

        private int pending;
        private boolean peerClosed;

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf requests) {
            for (int request = requests.readableBytes(); request > 0; request--) {
                pending++;
                context.executor().schedule(() -> answer(context), 10L * pending, TimeUnit.MILLISECONDS);
            }
        }

        private void answer(ChannelHandlerContext context) {
            context.writeAndFlush(Unpooled.wrappedBuffer(new byte[ANSWER])).addListener(written -> {
                pending--;
                closeWhenDone(context);
            });
        }

        // docs: begin defer
        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof PeerCloseNotifyEvent) {
                // All requests are in. Without an end of ours the policy's deferTimeout would bring it.
                peerClosed = true;
                closeWhenDone(context);
            } else if (event instanceof ShutdownOutcome outcome) {
                System.out.println("server: " + outcome.result() + ", begun by " + outcome.initiator());
            }
            context.fireUserEventTriggered(event);
        }

        private void closeWhenDone(ChannelHandlerContext context) {
            if (peerClosed && pending == 0) {
                context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
            }
        }
        // docs: end defer
    }
}

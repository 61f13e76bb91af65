package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslHandler;

/**
 * TLS begins in the middle of a connection: the handlers join the pipeline once both sides have agreed in plaintext,
 * and the connection ends as any other.
 */
public final class StartTlsExample {

    private StartTlsExample() {
    }

    /**
     * Runs the example against a server of its own.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        SslHandler serverTls = Loopback.serverContext().newHandler(ByteBufAllocator.DEFAULT);
        SslHandler tls = Loopback.clientContext().newHandler(ByteBufAllocator.DEFAULT);
        TlsShutdownHandler shutdown = TlsShutdownHandler.builder().build();
        try (Loopback loopback = new Loopback()) {
            Channel server = loopback.listen(upgrade("GO\n", serverTls, TlsShutdownHandler.builder().build(),
                    new Loopback.Echo()));
            Channel channel = loopback.connect(server, upgrade("", tls, shutdown));
            channel.writeAndFlush(Loopback.text("STARTTLS\n")).sync();
            tls.handshakeFuture().sync();

            ShutdownOutcome outcome = shutdown.shutdown().sync().getNow();
            System.out.println("client: " + outcome.result());
            channel.closeFuture().sync();
        }
    }

    /** Takes the first message for the agreement, answers it in plaintext, and goes on with TLS. */
    private static ChannelHandler upgrade(String answer, ChannelHandler... handlers) {
        return new SimpleChannelInboundHandler<>() {
            @Override
            protected void channelRead0(ChannelHandlerContext context, Object agreement) {
                context.writeAndFlush(Loopback.text(answer));
                context.pipeline().addLast(handlers).remove(this);
            }
        };
    }
}

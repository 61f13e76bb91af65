package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;

/**
 * No alert at all: breaks the TLS standard, and the peer reports a truncation. Only for application protocols that tell
 * by themselves where their data ends.
 */
public final class QuietShutdownExample {

    private QuietShutdownExample() {
    }

    /**
     * Runs the example against a server of its own.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        try (Loopback loopback = new Loopback()) {
            Channel server = loopback.tlsServer();
            SslHandler tls = Loopback.clientContext().newHandler(ByteBufAllocator.DEFAULT);
            TlsShutdownHandler shutdown = TlsShutdownHandler.builder()
                    .policy(ShutdownPolicy.quiet())
                    .build();

            Channel channel = loopback.connect(server, tls, shutdown);
            tls.handshakeFuture().sync();
            channel.writeAndFlush(Loopback.text("hello")).sync();

            // close() of the channel is taken over, too; shutdown() then joins and tells the outcome.
            channel.close();
            ShutdownOutcome outcome = shutdown.shutdown().sync().getNow();
            System.out.println("client: " + outcome.result());

            channel.closeFuture().sync();
        }
    }
}

package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;

/**
 * Our close_notify, without waiting for the peer's: for protocols in which the peer has nothing more to say. The linger
 * still keeps late data of the peer from destroying what we sent.
 */
public final class FastShutdownExample {

    private FastShutdownExample() {
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
                    .policy(ShutdownPolicy.fast())
                    .build();

            Channel channel = loopback.connect(server, tls, shutdown);
            tls.handshakeFuture().sync();
            channel.writeAndFlush(Loopback.text("hello")).sync();

            ShutdownOutcome outcome = shutdown.shutdown().sync().getNow();
            System.out.println("client: " + outcome.result() + ", peer answered: " + outcome.closeNotifyReceived());
            channel.closeFuture().sync();
        }
    }
}

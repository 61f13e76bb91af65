package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;

/**
 * Both close_notify alerts: when the future succeeds as {@code CLEAN}, the peer has seen the end of our data and we the
 * end of its. This is the default.
 */
public final class BidirectionalShutdownExample {

    private BidirectionalShutdownExample() {
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
                    .policy(ShutdownPolicy.bidirectional()
                            .toBuilder()
                            .peerTimeout(Duration.ofSeconds(1))
                            .build())
                    .build();

            Channel channel = loopback.connect(server, tls, shutdown);
            tls.handshakeFuture().sync();
            channel.writeAndFlush(Loopback.text("hello")).sync();

            // Fails with a ShutdownException unless the outcome is a success.
            ShutdownOutcome outcome = shutdown.shutdown().sync().getNow();
            System.out.println("client: " + outcome.result() + " in " + outcome.elapsed().toMillis() + " ms");
            channel.closeFuture().sync();
        }
    }
}

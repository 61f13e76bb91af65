package io.closenotify.testsuite.soak;

import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.testkit.UdpFaultRelay;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.incubator.codec.quic.InsecureQuicTokenHandler;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicClientCodecBuilder;
import io.netty.incubator.codec.quic.QuicCodecBuilder;
import io.netty.incubator.codec.quic.QuicServerCodecBuilder;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Makes a QUIC connection, with a server and a relay of its own, and collects the evidence.
 *
 * @param scenario what it is to go through
 * @param attempt which attempt at a handshake this is
 * @param endpoints what it is made with
 */
record QuicRun(QuicScenario scenario, int attempt, Endpoints endpoints) {

    private static final int WINDOW = 1 << 20;
    private static final int STREAMS = 10;

    /** Nothing is known if the handshake is lost, with so short an idle timeout. */
    @Nullable QuicEvidence run() throws Exception {
        CompletableFuture<QuicApplication> accepted = new CompletableFuture<>();
        Channel server = bind(parameters(new QuicServerCodecBuilder(), false)
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel channel) {
                        QuicApplication application =
                                new QuicApplication(scenario.server(), scenario.client().bytes());
                        install(channel, scenario.server(), application);
                        application.established().thenAccept(accepted::complete);
                    }
                })
                .streamHandler(QuicApplication.acceptStreams())
                .build());
        Channel udp = bind(parameters(new QuicClientCodecBuilder(), true).build());
        DatagramWire wire = new DatagramWire(scenario.trouble());
        UdpFaultRelay.Builder builder = UdpFaultRelay.to((InetSocketAddress) server.localAddress())
                .record(DatagramWire.MOST_DATAGRAMS);
        try (UdpFaultRelay relay = scenario.trouble().on(builder, scenario.number() + attempt, wire).start()) {
            QuicApplication client = new QuicApplication(scenario.client(), scenario.server().bytes());
            Future<QuicChannel> handshake = QuicChannel.newBootstrap(udp)
                    // The codec's task for it is not cancelled, and would be taken for a timer that is left behind.
                    .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                    .handler(new ChannelInitializer<QuicChannel>() {
                        @Override
                        protected void initChannel(QuicChannel channel) {
                            install(channel, scenario.client(), client);
                        }
                    })
                    .streamHandler(QuicApplication.acceptStreams())
                    .remoteAddress(relay.address())
                    .connect();
            boolean done = handshake.await(Waiting.DEADLINE.toMillis()) && handshake.isSuccess();
            if (scenario.mayBeSilent() && !(done && Waiting.atMost(accepted, scenario.idleTimeout()))) {
                return null;
            }
            Waiting.until(handshake, "the client's handshake");
            QuicApplication accepting = Waiting.until(accepted, "the server's handshake");
            wire.arm();
            client.start();
            accepting.start();
            Waiting.untilEnded(client, accepting, scenario.patience());
            return new QuicEvidence(scenario, client.ended().join(), accepting.ended().join(), wire.carried(relay));
        } finally {
            Waiting.until(udp.close(), "the end of the client's socket");
            Waiting.until(server.close(), "the end of the server");
        }
    }

    private void install(QuicChannel channel, QuicScenario.Script script, QuicApplication application) {
        channel.pipeline().addLast(
                QuicShutdownHandler.builder().policy(scenario.policy(script)).build(), application);
    }

    private Channel bind(ChannelHandler codec) throws InterruptedException {
        ChannelFuture bound = new Bootstrap().group(endpoints.loops()).channel(NioDatagramChannel.class).handler(codec)
                .bind(InetAddress.getLoopbackAddress(), 0);
        Waiting.until(bound, "a socket");
        return bound.channel();
    }

    private <B extends QuicCodecBuilder<B>> B parameters(B builder, boolean client) {
        return builder.sslContext(endpoints.quic(client))
                .maxIdleTimeout(scenario.idleTimeout().toMillis(), TimeUnit.MILLISECONDS)
                .initialMaxData(WINDOW)
                .initialMaxStreamDataBidirectionalLocal(WINDOW)
                .initialMaxStreamDataBidirectionalRemote(WINDOW)
                .initialMaxStreamsBidirectional(STREAMS);
    }
}

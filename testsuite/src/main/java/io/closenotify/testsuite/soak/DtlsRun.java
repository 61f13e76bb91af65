package io.closenotify.testsuite.soak;

import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.dtls.DtlsServerChannel;
import io.closenotify.testkit.UdpFaultRelay;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Makes a DTLS connection, with a server and a relay of its own, and collects the evidence.
 *
 * @param scenario what it is to go through
 * @param endpoints what it is made with
 */
record DtlsRun(DtlsScenario scenario, Endpoints endpoints) {

    private static final Duration RETRANSMIT = Duration.ofMillis(100);
    private static final Duration REPEAT = Duration.ofMillis(20);

    DtlsEvidence run() throws Exception {
        CompletableFuture<DtlsApplication> accepted = new CompletableFuture<>();
        ChannelFuture bound = new ServerBootstrap().group(endpoints.loops())
                .channelFactory(DtlsServerChannel.builder(builder(scenario.server())).build())
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        DtlsApplication application = new DtlsApplication(scenario.server());
                        channel.pipeline().addLast(application);
                        accepted.complete(application);
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0);
        Waiting.until(bound, "the server");
        DatagramWire wire = new DatagramWire(scenario.trouble());
        UdpFaultRelay.Builder builder = UdpFaultRelay.to((InetSocketAddress) bound.channel().localAddress())
                .record(DatagramWire.MOST_DATAGRAMS);
        try (UdpFaultRelay relay = scenario.trouble().on(builder, scenario.number(), wire).start()) {
            DtlsApplication client = new DtlsApplication(scenario.client());
            Waiting.until(new Bootstrap().group(endpoints.loops()).channel(NioDatagramChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(builder(scenario.client()).build(), client);
                        }
                    })
                    .connect(relay.address()), "the client's socket");
            DtlsApplication server = Waiting.until(accepted, "the server's channel");
            Waiting.until(client.established(), "the client's handshake");
            Waiting.until(server.established(), "the server's handshake");
            wire.arm();
            client.start();
            server.start();
            Waiting.untilEnded(client, server, scenario.patience());
            return new DtlsEvidence(scenario, client.ended().join(), server.ended().join(), wire.carried(relay));
        } finally {
            Waiting.until(bound.channel().close(), "the end of the server");
        }
    }

    private DtlsHandlerBuilder builder(DtlsScenario.Script script) {
        return DtlsHandler.builder(endpoints.dtls()).policy(scenario.policy(script))
                .retransmitTimeout(RETRANSMIT).repeatInterval(REPEAT);
    }
}

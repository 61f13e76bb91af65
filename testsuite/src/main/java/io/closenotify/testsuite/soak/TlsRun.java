package io.closenotify.testsuite.soak;

import io.closenotify.testkit.Direction;
import io.closenotify.testkit.RelayedConnection;
import io.closenotify.testkit.TcpFaultRelay;
import io.closenotify.testsuite.soak.TlsScenario.Place;
import io.closenotify.testsuite.soak.TlsScenario.Script;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;

/**
 * Makes a TLS connection, with a listener and a relay of its own, and collects the evidence.
 *
 * @param scenario what it is to go through
 * @param endpoints what it is made with
 */
record TlsRun(TlsScenario scenario, Endpoints endpoints) {

    private static final int SLOW_BYTES_A_SECOND = 400_000;

    TlsEvidence run() throws Exception {
        CompletableFuture<TlsApplication> accepted = new CompletableFuture<>();
        ChannelFuture bound = new ServerBootstrap().group(endpoints.loops())
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        accepted.complete(install(channel, Direction.TO_CLIENT));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0);
        Waiting.until(bound, "the listener");
        TlsWire wire = new TlsWire(scenario);
        TcpFaultRelay.Builder builder = TcpFaultRelay.to((InetSocketAddress) bound.channel().localAddress()).tap(wire);
        if (scenario.place() == Place.SLOW) {
            builder.slow(scenario.direction(), SLOW_BYTES_A_SECOND);
        }
        try (TcpFaultRelay relay = builder.start()) {
            CompletableFuture<TlsApplication> connecting = new CompletableFuture<>();
            Waiting.until(new Bootstrap().group(endpoints.loops()).channel(NioSocketChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            connecting.complete(install(channel, Direction.TO_SERVER));
                        }
                    })
                    .connect(relay.address()), "the connection");
            RelayedConnection connection = relay.nextConnection(Waiting.DEADLINE);
            TlsApplication client = Waiting.until(connecting, "the client's channel");
            TlsApplication server = Waiting.until(accepted, "the server's channel");
            Waiting.untilEnded(client, server, scenario.patience());
            settle(connection);
            return new TlsEvidence(scenario, client.told(), server.told(),
                    wire.carried(connection, Direction.TO_SERVER), wire.carried(connection, Direction.TO_CLIENT));
        } finally {
            Waiting.until(bound.channel().close(), "the end of the listener");
        }
    }

    /** Both sockets are closed: what they sent is read, unless the relay has ceased to. */
    private void settle(RelayedConnection connection) throws InterruptedException {
        for (Direction direction : Direction.values()) {
            if (scenario.isImpatient() && direction == scenario.direction()) {
                continue;
            }
            Waiting.until(connection.end(direction), "the end of " + direction);
        }
    }

    private TlsApplication install(Channel channel, Direction sends) {
        boolean client = sends == Direction.TO_SERVER;
        SslProvider engine = client ? scenario.clientEngine() : scenario.serverEngine();
        Script script = scenario.script(sends);
        TlsShutdownHandler handler = TlsShutdownHandler.builder().policy(scenario.policy(script)).build();
        TlsApplication application =
                new TlsApplication(script, scenario.script(sends.opposite()).bytes(), handler);
        channel.pipeline().addLast(
                endpoints.tls(scenario.version(), engine, client).newHandler(channel.alloc()), handler, application);
        return application;
    }
}

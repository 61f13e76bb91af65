package io.closenotify.examples.cli;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.observe.ShutdownObserver;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import java.util.function.Consumer;
import java.util.function.Function;

/** Sets up one connection: TLS, its shutdown, the report, the application. */
final class TlsInitializer extends ChannelInitializer<Channel> {

    private final Function<Channel, SslHandler> tls;
    private final TlsTransport transport;
    private final App app;
    private final Consumer<? super ConnectionReport> reports;
    private final ShutdownObserver observer;
    private final Log log;

    TlsInitializer(Function<Channel, SslHandler> tls, TlsTransport transport, App app,
            Consumer<? super ConnectionReport> reports, ShutdownObserver observer, Log log) {
        this.tls = tls;
        this.transport = transport;
        this.app = app;
        this.reports = reports;
        this.observer = observer;
        this.log = log;
    }

    @Override
    protected void initChannel(Channel channel) {
        ShutdownPolicy policy = transport.policy();
        Traffic traffic = new Traffic();
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(tls.apply(channel));
        TlsShutdownHandler shutdown = TlsShutdownHandler.builder().policy(policy).observer(observer).build();
        pipeline.addLast(shutdown);
        pipeline.addLast(new ShutdownReporter(
                line -> line.get(SslHandler.class).engine(), traffic, reports));
        pipeline.addLast(traffic.counter());
        if (policy.transport() == TransportPolicy.KEEP) {
            // The echo may have more to send when the peer ends its side.
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            pipeline.addLast(new AfterTls(shutdown, kept -> {
                transport.plaintext().accept(kept);
                kept.addLast(new FailureLog(log, channel::remoteAddress));
            }));
        }
        Connection connection = new TlsConnection(channel);
        app.install(pipeline, connection);
        if (policy.onPeerCloseNotify() == PeerClosePolicy.DEFER) {
            pipeline.addLast(new DeferredAnswer(app, connection));
        }
        pipeline.addLast(new FailureLog(log, channel::remoteAddress));
    }
}

package io.closenotify.examples.cli;

import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import java.util.function.Consumer;
import java.util.function.Function;

/** Sets up one connection: TLS, its shutdown, the report, the application. */
final class TlsInitializer extends ChannelInitializer<Channel> {

    private final Function<Channel, SslHandler> tls;
    private final ShutdownPolicy policy;
    private final App app;
    private final Consumer<? super ConnectionReport> reports;
    private final Log log;

    TlsInitializer(Function<Channel, SslHandler> tls, ShutdownPolicy policy, App app,
            Consumer<? super ConnectionReport> reports, Log log) {
        this.tls = tls;
        this.policy = policy;
        this.app = app;
        this.reports = reports;
        this.log = log;
    }

    @Override
    protected void initChannel(Channel channel) {
        Traffic traffic = new Traffic();
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(tls.apply(channel));
        pipeline.addLast(TlsShutdownHandler.builder().policy(policy).build());
        pipeline.addLast(new TlsReporter(traffic, reports));
        pipeline.addLast(traffic.counter());
        app.install(pipeline, new TlsConnection(channel));
        pipeline.addLast(new FailureLog(log, channel::remoteAddress));
    }
}

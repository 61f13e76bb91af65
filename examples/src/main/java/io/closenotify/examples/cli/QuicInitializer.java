package io.closenotify.examples.cli;

import io.closenotify.quic.QuicShutdownHandlerBuilder;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.util.function.Consumer;

/** Sets up one connection: its shutdown, the report, the application's own stream. */
final class QuicInitializer extends ChannelInitializer<QuicChannel> {

    private final QuicShutdownHandlerBuilder handlers;
    private final App app;
    private final boolean autoRead;
    private final ChannelHandler ownStream;
    private final Consumer<? super ConnectionReport> reports;
    private final Consumer<? super QuicChannel> connections;
    private final Log log;

    QuicInitializer(QuicShutdownHandlerBuilder handlers, App app, boolean autoRead, ChannelHandler ownStream,
            Consumer<? super ConnectionReport> reports, Consumer<? super QuicChannel> connections, Log log) {
        this.handlers = handlers;
        this.app = app;
        this.autoRead = autoRead;
        this.ownStream = ownStream;
        this.reports = reports;
        this.connections = connections;
        this.log = log;
    }

    @Override
    protected void initChannel(QuicChannel channel) {
        connections.accept(channel);
        ChannelPipeline pipeline = channel.pipeline();
        pipeline.addLast(handlers.build());
        pipeline.addLast(new QuicReporter(reports));
        if (!autoRead) {
            pipeline.addLast(new LateReader());
        }
        QuicStreamType type = app.opens();
        if (type != null) {
            pipeline.addLast(new StreamOpener(type, ownStream, log));
        }
        pipeline.addLast(new FailureLog(log, channel::remoteSocketAddress));
    }
}

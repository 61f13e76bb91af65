package io.closenotify.examples.cli;

import io.closenotify.dtls.DtlsHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import java.time.Duration;
import java.util.function.Consumer;

/** Sets up one connection behind its {@code DtlsHandler}: the report, the application. */
final class DtlsInitializer extends ChannelInitializer<Channel> {

    private final Consumer<? super Channel> first;
    private final Duration idleTimeout;
    private final App app;
    private final Consumer<? super ConnectionReport> reports;
    private final Log log;

    /**
     * Creates an initializer.
     *
     * @param first is given each channel first: puts a client's {@code DtlsHandler} into it
     */
    DtlsInitializer(Consumer<? super Channel> first, Duration idleTimeout, App app,
            Consumer<? super ConnectionReport> reports, Log log) {
        this.first = first;
        this.idleTimeout = idleTimeout;
        this.app = app;
        this.reports = reports;
        this.log = log;
    }

    @Override
    protected void initChannel(Channel channel) {
        first.accept(channel);
        ChannelPipeline pipeline = channel.pipeline();
        DtlsHandler dtls = pipeline.get(DtlsHandler.class);
        Connection connection = new DtlsConnection(channel);
        Traffic traffic = new Traffic();
        pipeline.addLast(new ShutdownReporter(
                line -> line.get(DtlsHandler.class).engine(), traffic, reports));
        if (!idleTimeout.isZero()) {
            pipeline.addLast(new IdleShutdown(idleTimeout, connection, log));
        }
        pipeline.addLast(traffic.counter());
        if (app.opens() != null) {
            // Who only answers is held up by the questions.
            pipeline.addLast(new Pacer());
        }
        pipeline.addLast(new MessageSplitter(dtls::maxMessageSize));
        app.install(pipeline, connection);
        pipeline.addLast(new FailureLog(log, channel::remoteAddress));
    }
}

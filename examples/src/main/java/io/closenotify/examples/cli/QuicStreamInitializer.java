package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.concurrent.PromiseNotifier;

/** Sets up one stream: counts its data, and gives it to the application. */
final class QuicStreamInitializer extends ChannelInitializer<QuicStreamChannel> {

    private final App app;
    private final Log log;

    QuicStreamInitializer(App app, Log log) {
        this.app = app;
        this.log = log;
    }

    @Override
    protected void initChannel(QuicStreamChannel stream) {
        if (stream.type() == QuicStreamType.BIDIRECTIONAL) {
            // The end of the peer's data is not the end of ours.
            stream.config().setAllowHalfClosure(true);
        }
        QuicChannel connection = stream.parent();
        LateReader lateReader = connection.pipeline().get(LateReader.class);
        if (lateReader != null) {
            lateReader.hold(stream);
        }
        ChannelPipeline pipeline = stream.pipeline();
        pipeline.addLast(connection.pipeline().get(QuicReporter.class).counter());
        pipeline.addLast(new ConnectionCloser());
        if (stream.isLocalCreated()) {
            app.install(pipeline, new QuicConnection(connection));
        } else {
            app.installForPeer(pipeline, new QuicConnection(connection));
        }
        pipeline.addLast(new FailureLog(log, connection::remoteSocketAddress));
    }

    /** Where an application closes its channel, as an HTTP server does, it means the connection. */
    private static final class ConnectionCloser extends ChannelOutboundHandlerAdapter {

        @Override
        public void close(ChannelHandlerContext context, ChannelPromise promise) {
            PromiseNotifier.cascade(((QuicStreamChannel) context.channel()).parent().close(), promise);
        }
    }
}

package io.closenotify.examples.cli;

import io.netty.channel.ChannelPipeline;
import io.netty.handler.stream.ChunkedWriteHandler;
import io.netty.incubator.codec.quic.QuicStreamType;

/** Sends so many bytes, without being asked. */
record Source(long bytes) implements App {

    @Override
    public void install(ChannelPipeline pipeline, Connection connection) {
        pipeline.addLast(new ChunkedWriteHandler(), new SourceHandler(bytes, connection));
    }

    @Override
    public QuicStreamType opens() {
        return QuicStreamType.UNIDIRECTIONAL;
    }

    @Override
    public void installForPeer(ChannelPipeline pipeline, Connection connection) {
        pipeline.addLast(new StreamConcluder(), new SinkHandler());
    }
}

package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.util.concurrent.ImmediateEventExecutor;

/** Leaves the streams of a QUIC connection unread until its shutdown begins. */
final class LateReader extends ChannelOutboundHandlerAdapter {

    private final ChannelGroup streams = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);

    void hold(QuicStreamChannel stream) {
        stream.config().setAutoRead(false);
        streams.add(stream);
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        streams.forEach(stream -> stream.config().setAutoRead(true));
        context.close(promise);
    }
}

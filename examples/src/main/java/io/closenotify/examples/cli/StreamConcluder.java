package io.closenotify.examples.cli;

import io.closenotify.quic.QuicStreams;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.incubator.codec.quic.QuicStreamChannel;

/** Answers the end of the peer's data on a stream: FIN behind what was written in answer to it. */
final class StreamConcluder extends ChannelInboundHandlerAdapter {

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent && context.channel() instanceof QuicStreamChannel stream) {
            QuicStreams.conclude(stream);
        }
        context.fireUserEventTriggered(event);
    }
}

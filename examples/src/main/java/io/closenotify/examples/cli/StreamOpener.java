package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamType;

/** Opens one stream as soon as the connection stands. */
final class StreamOpener extends ChannelInboundHandlerAdapter {

    private final QuicStreamType type;
    private final ChannelHandler handler;
    private final Log log;

    StreamOpener(QuicStreamType type, ChannelHandler handler, Log log) {
        this.type = type;
        this.handler = handler;
        this.log = log;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        QuicChannel channel = (QuicChannel) context.channel();
        channel.createStream(type, handler).addListener(opened -> {
            if (!opened.isSuccess()) {
                log.say(channel.remoteSocketAddress() + ": cannot open a stream: "
                        + Failures.describe(opened.cause()));
                channel.close();
            }
        });
        context.fireChannelActive();
    }
}

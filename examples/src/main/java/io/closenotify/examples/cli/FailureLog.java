package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;

/** The last handler: tells people of exceptions that nobody else took. The outcome tells the rest. */
final class FailureLog extends ChannelInboundHandlerAdapter {

    private final Log log;

    FailureLog(Log log) {
        this.log = log;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Throwable underneath = cause instanceof DecoderException ? cause.getCause() : null;
        log.say(context.channel().remoteAddress() + ": "
                + Failures.describe(underneath == null ? cause : underneath));
    }
}

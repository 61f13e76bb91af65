package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/** The last handler: tells people of exceptions that nobody else took. The outcome tells the rest. */
final class FailureLog extends ChannelInboundHandlerAdapter {

    private final Log log;

    FailureLog(Log log) {
        this.log = log;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        log.say(context.channel().remoteAddress() + ": " + Failures.describe(cause));
    }
}

package io.closenotify.examples.cli;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The last handler: tells people of exceptions that nobody else took. The outcome tells the rest. */
final class FailureLog extends ChannelInboundHandlerAdapter {

    private final Log log;
    private final Supplier<?> peer;

    FailureLog(Log log, Supplier<? extends @Nullable Object> peer) {
        this.log = log;
        this.peer = peer;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        Throwable underneath = cause instanceof DecoderException ? cause.getCause() : null;
        log.say(peer.get() + ": "
                + Failures.describe(underneath == null ? cause : underneath));
    }
}

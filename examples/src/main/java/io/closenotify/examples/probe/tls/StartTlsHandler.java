package io.closenotify.examples.probe.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.function.Consumer;

/** Talks in plaintext until TLS may begin. */
final class StartTlsHandler extends ByteToMessageDecoder {

    /** More than any greeting. */
    static final int MOST_BYTES = 64 << 10;

    private final StartTls protocol;
    private final Observation seen;
    private final Consumer<ChannelPipeline> tls;
    private long bytes;
    private int step;
    private boolean over;
    private volatile String awaited = "connection";

    StartTlsHandler(StartTls protocol, Observation seen, Consumer<ChannelPipeline> tls) {
        this.protocol = protocol;
        this.seen = seen;
        this.tls = tls;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        say(context);
        context.read();
    }

    private void say(ChannelHandlerContext context) {
        byte[] words = protocol.say(step);
        awaited = words == null ? "greeting" : "reply";
        if (words != null) {
            context.writeAndFlush(Unpooled.copiedBuffer(words));
        }
    }

    /** What the peer has to say next. Any thread. */
    String awaited() {
        return awaited;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf input, List<Object> out) {
        if (over) {
            input.skipBytes(input.readableBytes());
            return;
        }
        int before = input.readableBytes();
        String problem = protocol.hear(step, input);
        bytes += before - input.readableBytes();
        if (problem == null) {
            if (bytes + input.readableBytes() > MOST_BYTES) {
                give(context, "StartTLS: " + MOST_BYTES + " bytes of plaintext and no end");
            }
        } else if (!problem.isEmpty()) {
            give(context, "StartTLS: " + Wire.describe(new IllegalStateException(problem)));
        } else if (++step < protocol.steps()) {
            say(context);
        } else if (input.isReadable()) {
            // Whoever takes them for part of TLS lets others put words into the peer's mouth.
            give(context, "StartTLS: " + input.readableBytes() + " bytes of plaintext behind the last reply");
        } else {
            over = true;
            seen.note("StartTLS agreed in plaintext");
            tls.accept(context.pipeline());
            context.pipeline().remove(this);
        }
    }

    private void give(ChannelHandlerContext context, String failure) {
        over = true;
        seen.failed(failure);
        context.close();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (!context.isRemoved()) {
            context.read();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            seen.failed("StartTLS: the peer ended TCP");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        seen.failed("StartTLS: " + Wire.describe(cause));
    }
}

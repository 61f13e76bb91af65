package io.closenotify.examples.cli;

import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** The client's side: sends, receives, and shuts down once all is sent, unless it only receives. */
final class Conversation extends SimpleChannelInboundHandler<ByteBuf> {

    private static final int CHUNK = 64 * 1024;

    private final @Nullable Payload send;
    private final @Nullable OutputStream receive;
    private final Log log;
    private volatile boolean failed;
    private volatile @Nullable Thread sender;
    private volatile boolean readToItsEnd;
    private volatile @Nullable ChannelFuture lastWrite;

    Conversation(@Nullable Payload send, @Nullable OutputStream receive, Log log) {
        this.send = send;
        this.receive = receive;
        this.log = log;
    }

    /**
     * Whether all there was to send has reached the kernel; of stdin, all that was read. To be asked when the channel
     * is closed.
     */
    boolean sentAll() throws InterruptedException {
        Thread thread = sender;
        if (thread != null && send != null && send.isRepeatable()) {
            // Only stdin can keep it waiting once the channel is closed.
            thread.join();
        }
        ChannelFuture last = lastWrite;
        boolean ended = send == null || readToItsEnd || !send.isRepeatable();
        return ended && (last == null || last.isSuccess());
    }

    /** Whether reading the payload, or writing what was received, failed. */
    boolean failed() {
        return failed;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            begin(context.channel());
        }
        context.fireUserEventTriggered(event);
    }

    private void begin(Channel channel) {
        Payload payload = send;
        if (payload != null) {
            // Files and stdin block, so they are read by a thread of their own; the peer may close meanwhile.
            Thread thread = new Thread(() -> send(payload, channel), "send");
            thread.setDaemon(true);
            sender = thread;
            thread.start();
        } else if (receive == null) {
            channel.close();
        }
    }

    private void send(Payload payload, Channel channel) {
        try (InputStream in = payload.open()) {
            byte[] chunk = new byte[CHUNK];
            ChannelFuture previous = channel.newSucceededFuture();
            for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
                ChannelFuture next = channel.writeAndFlush(Unpooled.copiedBuffer(chunk, 0, length));
                lastWrite = next;
                if (!previous.await().isSuccess()) {
                    // The connection is ending; its outcome tells why.
                    return;
                }
                previous = next;
            }
            readToItsEnd = true;
            channel.close();
        } catch (IOException e) {
            fail(channel, "--send", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
        if (receive != null && !failed) {
            try {
                data.readBytes(receive, data.readableBytes());
            } catch (IOException e) {
                fail(context.channel(), "--receive", e);
            }
        }
    }

    private void fail(Channel channel, String option, IOException reason) {
        failed = true;
        log.say(option + ": " + Failures.describe(reason));
        channel.pipeline().get(TlsShutdownHandler.class).abort();
    }
}

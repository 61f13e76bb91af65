package io.closenotify.examples.cli;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.incubator.codec.quic.QuicStreamType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/** The client's side: sends, receives, and shuts down once all is sent, unless it only receives. */
final class Conversation implements App {

    private static final int CHUNK = 64 * 1024;

    private final @Nullable Payload send;
    private final boolean conclude;
    private final @Nullable OutputStream receive;
    private final Log log;
    private volatile boolean failed;
    private volatile @Nullable Connection whole;
    private volatile @Nullable Thread sender;
    private volatile boolean readToItsEnd;
    private volatile @Nullable ChannelFuture lastWrite;

    /**
     * Creates one side of a conversation.
     *
     * @param conclude whether the last data is to be written as such; it then waits until the payload has ended
     */
    Conversation(@Nullable Payload send, boolean conclude, @Nullable OutputStream receive, Log log) {
        this.send = send;
        this.conclude = conclude;
        this.receive = receive;
        this.log = log;
    }

    /**
     * Whether all there was to send has been taken by the kernel, or by the QUIC codec; of stdin, all that was read.
     * To be asked when the connection is gone.
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
    public QuicStreamType opens() {
        return QuicStreamType.BIDIRECTIONAL;
    }

    /** Ends the connection, if there is one, whatever is left to be sent or received. */
    void end() {
        Connection connection = whole;
        if (connection != null) {
            connection.shutdown();
        }
    }

    /** The same, by force. */
    void abort() {
        Connection connection = whole;
        if (connection != null) {
            connection.abort();
        }
    }

    @Override
    public void install(ChannelPipeline pipeline, Connection connection) {
        whole = connection;
        pipeline.addLast(new Speaker(connection));
    }

    @Override
    public void installForPeer(ChannelPipeline pipeline, Connection connection) {
        pipeline.addLast(new Receiver(connection));
    }

    @Override
    public void peerClosed(Channel channel, Connection connection) {
        // The sender shuts down when it is done.
        if (sender == null) {
            connection.shutdown();
        }
    }

    private void begin(Channel channel, Connection connection) {
        Payload payload = send;
        if (payload != null) {
            // Files and stdin block, so they are read by a thread of their own; the peer may close meanwhile.
            Thread thread = new Thread(() -> send(payload, channel, connection), "send");
            thread.setDaemon(true);
            sender = thread;
            thread.start();
        } else if (receive == null) {
            connection.shutdown();
        }
    }

    private void send(Payload payload, Channel channel, Connection connection) {
        try (InputStream in = payload.open()) {
            byte[] chunk = new byte[CHUNK];
            ChannelFuture previous = channel.newSucceededFuture();
            ByteBuf held = Unpooled.EMPTY_BUFFER;
            for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
                ByteBuf next = Unpooled.copiedBuffer(chunk, 0, length);
                ChannelFuture written = connection.write(channel, conclude ? held : next);
                held = conclude ? next : held;
                lastWrite = written;
                if (!previous.await().isSuccess()) {
                    // The connection is ending; its outcome tells why.
                    return;
                }
                previous = written;
            }
            if (conclude) {
                lastWrite = connection.writeLast(channel, held);
            }
            readToItsEnd = true;
            connection.shutdown();
        } catch (IOException e) {
            fail(connection, "--send", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void fail(Connection connection, String option, IOException reason) {
        failed = true;
        log.say(option + ": " + Failures.describe(reason));
        connection.abort();
    }

    /** Receives. */
    private class Receiver extends SimpleChannelInboundHandler<ByteBuf> {

        final Connection connection;

        Receiver(Connection connection) {
            this.connection = connection;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
            if (receive != null && !failed) {
                try {
                    data.readBytes(receive, data.readableBytes());
                } catch (IOException e) {
                    fail(connection, "--receive", e);
                }
            }
        }
    }

    /** Receives, and begins to send as soon as that is possible. */
    private final class Speaker extends Receiver {

        Speaker(Connection connection) {
            super(connection);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            begin(context.channel(), connection);
            context.fireChannelActive();
        }
    }
}

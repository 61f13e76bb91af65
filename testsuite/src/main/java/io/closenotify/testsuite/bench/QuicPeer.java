package io.closenotify.testsuite.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicStreamFrame;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The server's application on one QUIC connection: counts what arrives on its streams, and remembers how the connection
 * ended. Event loop of the server; once it is taken out of a queue of {@link QuicLoopback} it does not change in what
 * that queue tells of.
 */
final class QuicPeer extends ChannelInboundHandlerAdapter {

    private final QuicLoopback loopback;
    private final QuicChannel channel;
    private boolean active;
    private long bytes;
    private long lastByteAt;
    private boolean fin;
    private @Nullable Close close;
    private long toldAt;

    /** What the peer of a connection was told at its end. */
    record Close(boolean application, int code, String reason) {
    }

    QuicPeer(QuicLoopback loopback, QuicChannel channel) {
        this.loopback = loopback;
        this.channel = channel;
    }

    QuicChannel channel() {
        return channel;
    }

    /** Whether the handshake was over. */
    boolean wasActive() {
        return active;
    }

    long bytes() {
        return bytes;
    }

    /** {@link System#nanoTime} when the last bytes were read, which is after those in front of them. */
    long lastByteAt() {
        return lastByteAt;
    }

    boolean fin() {
        return fin;
    }

    @Nullable Close close() {
        return close;
    }

    /** {@link System#nanoTime} when CONNECTION_CLOSE was told. */
    long toldAt() {
        return toldAt;
    }

    /** What its streams read. */
    private void read(Object message) {
        if (message instanceof QuicStreamFrame frame) {
            fin |= frame.hasFin();
            count(frame.content());
        } else {
            count((ByteBuf) message);
        }
    }

    private void count(ByteBuf data) {
        int length = data.readableBytes();
        data.release();
        if (length > 0) {
            bytes += length;
            lastByteAt = System.nanoTime();
            loopback.received(this);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        loopback.opened();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        active = true;
        loopback.active(this);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof QuicConnectionCloseEvent told) {
            close = new Close(told.isApplicationClose(), told.error(),
                    new String(told.reason(), StandardCharsets.UTF_8));
            toldAt = System.nanoTime();
            loopback.told(this);
        }
    }

    /** Unlike channelInactive it comes even if the handshake was never over. */
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        loopback.ended(this);
    }

    /** Reads one stream. */
    static final class Stream extends ChannelInboundHandlerAdapter {

        private @Nullable QuicPeer peer;

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            peer = context.channel().parent().pipeline().get(QuicPeer.class);
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (peer != null) {
                peer.read(message);
            }
        }
    }
}

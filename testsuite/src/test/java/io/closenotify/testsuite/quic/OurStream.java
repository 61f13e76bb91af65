package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.incubator.codec.quic.DefaultQuicStreamFrame;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Our side of a QUIC stream; it takes what comes and compares it with the {@link Pattern}. */
final class OurStream {

    private final QuicStreamChannel channel;
    private final Recorder recorder = new Recorder();
    private long sent;

    OurStream(QuicStreamChannel channel) {
        this.channel = channel;
        channel.pipeline().addLast(recorder);
    }

    QuicStreamChannel channel() {
        return channel;
    }

    long id() {
        return channel.streamId();
    }

    /** Writes that many more bytes of the pattern. */
    synchronized ChannelFuture write(int count) {
        return channel.writeAndFlush(Unpooled.wrappedBuffer(next(count)));
    }

    /**
     * Writes that many more bytes of the pattern and, in band, the FIN. Give it some: when a FIN that travels alone
     * gets lost on a one-way stream whose data was acknowledged, the codec does not send it again.
     */
    synchronized ChannelFuture writeAndFinish(int count) {
        return writeAndFinish(next(count));
    }

    private byte[] next(int count) {
        byte[] bytes = Pattern.bytes(sent, count);
        sent += count;
        return bytes;
    }

    /** Writes these bytes, whatever the pattern, and, in band, the FIN. */
    ChannelFuture writeAndFinish(byte[] bytes) {
        return channel.writeAndFlush(new DefaultQuicStreamFrame(Unpooled.wrappedBuffer(bytes), true));
    }

    /** Waits for the peer's FIN. */
    void awaitFin() throws InterruptedException {
        if (!recorder.finished.await(Waits.DEADLINE.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new AssertionError("no FIN within " + Waits.DEADLINE + "; bytes: " + recorder.total
                    + ", exceptions: " + recorder.exceptions);
        }
    }

    /** Whether the peer's FIN has come. */
    boolean finished() {
        return recorder.finished.getCount() == 0;
    }

    long bytes() {
        return recorder.total;
    }

    /** Whether all that came was the pattern. */
    boolean intact() {
        return recorder.intact;
    }

    List<Throwable> exceptions() {
        return recorder.exceptions;
    }

    private static final class Recorder extends ChannelInboundHandlerAdapter {

        private final CountDownLatch finished = new CountDownLatch(1);
        private final List<Throwable> exceptions = new CopyOnWriteArrayList<>();
        private volatile long total;
        private volatile boolean intact = true;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf data = (ByteBuf) message;
            byte[] bytes = new byte[data.readableBytes()];
            data.readBytes(bytes).release();
            intact &= Pattern.matches(total, bytes, bytes.length);
            total += bytes.length;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ChannelInputShutdownReadComplete) {
                finished.countDown();
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            exceptions.add(cause);
        }
    }
}

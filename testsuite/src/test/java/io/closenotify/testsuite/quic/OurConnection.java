package io.closenotify.testsuite.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testsuite.Waits;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/** Our side of a QUIC connection; it records what happens. */
final class OurConnection {

    private static final AttributeKey<OurConnection> KEY = AttributeKey.valueOf(OurConnection.class, "connection");

    private final QuicSetup setup;
    private final QuicChannel channel;
    private final BlockingQueue<OurStream> accepted = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseFrame> closes = new LinkedBlockingQueue<>();
    private final List<Object> events = new CopyOnWriteArrayList<>();
    private final List<Throwable> exceptions = new CopyOnWriteArrayList<>();

    OurConnection(QuicSetup setup, QuicChannel channel, Consumer<OurConnection> established) {
        this.setup = setup;
        this.channel = channel;
        channel.attr(KEY).set(this);
        channel.pipeline().addLast(new Recorder(established));
    }

    static OurConnection of(QuicChannel channel) {
        return channel.attr(KEY).get();
    }

    QuicChannel channel() {
        return channel;
    }

    void accepted(OurStream stream) {
        accepted.add(stream);
    }

    /** Waits for the next stream that the peer opens. */
    OurStream nextStream() throws InterruptedException {
        return Waits.next(accepted, "a stream");
    }

    OurStream open(QuicStreamType type) throws InterruptedException {
        BlockingQueue<OurStream> opened = new LinkedBlockingQueue<>();
        Future<QuicStreamChannel> created = Waits.done(channel.createStream(type,
                QuicSetup.initializer(QuicStreamChannel.class, stream -> opened.add(setup.stream(stream)))));
        assertThat(created.cause()).as("open a stream").isNull();
        return Waits.next(opened, "the stream");
    }

    /** Waits for the next close of the peer that the codec tells of. */
    CloseFrame closeReceived() throws InterruptedException {
        return Waits.next(closes, "the peer's close; events: " + events + ", exceptions: " + exceptions);
    }

    /** The events of the pipeline, as they came. */
    List<Object> events() {
        return events;
    }

    List<Throwable> exceptions() {
        return exceptions;
    }

    /** Waits until the channel is closed. */
    void awaitEnd() throws InterruptedException {
        Waits.done(channel.closeFuture());
    }

    void close() {
        channel.close().awaitUninterruptibly(Waits.DEADLINE.toMillis());
    }

    private final class Recorder extends ChannelInboundHandlerAdapter {

        private final Consumer<OurConnection> established;

        Recorder(Consumer<OurConnection> established) {
            this.established = established;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            established.accept(OurConnection.this);
            context.fireChannelActive();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            events.add(event);
            if (event instanceof QuicConnectionCloseEvent close) {
                closes.add(CloseFrame.of(close));
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            exceptions.add(cause);
        }
    }
}

package io.closenotify.quic.http3;

import static java.util.Objects.requireNonNull;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.incubator.codec.http3.DefaultHttp3GoAwayFrame;
import io.netty.incubator.codec.http3.Http3;
import io.netty.incubator.codec.http3.Http3ErrorCode;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicConnectionPathStats;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Follows the request streams of a server's HTTP/3 connection, so that {@link Http3GoAwayHook} can end it.
 *
 * <p>It belongs into the pipeline of the {@link QuicChannel}, in front of the {@code Http3ServerConnectionHandler} and
 * from the start:
 * <pre>{@code
 * pipeline.addLast(QuicShutdownHandler.builder().policy(policy).build());
 * pipeline.addLast(new Http3GoAwayHandler());
 * pipeline.addLast(new Http3ServerConnectionHandler(requestStreams));
 * }</pre>
 *
 * <p><b>States, timeouts, errors, specification.</b> See the hook. Adding the handler to another channel fails. Nothing
 * is held back; until the hook asks for the end, streams are counted only.
 *
 * <p><b>Threading.</b> As a handler's; nothing may be called from elsewhere.
 */
public final class Http3GoAwayHandler extends ChannelInboundHandlerAdapter {

    private static final long ANY_REQUEST = (1L << 62) - 4;
    private static final int STREAM_ID_STEP = 4;
    private static final int ROUND_TRIPS = 3;
    /** RFC 9000, section 18.2: max_ack_delay. */
    private static final long ACK_DELAY_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    private @Nullable QuicChannel channel;
    private @Nullable Promise<Void> drained;
    private @Nullable Duration grace;
    private long nextStream;
    private long firstRefused = ANY_REQUEST;
    private long ended;
    private boolean lastRequestTold;

    /** For one connection. */
    public Http3GoAwayHandler() {
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        if (!(added.channel() instanceof QuicChannel quic)) {
            throw new IllegalStateException("channel: " + added.channel() + " (expected: a QuicChannel)");
        }
        channel = quic;
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (message instanceof QuicStreamChannel stream && stream.type() == QuicStreamType.BIDIRECTIONAL) {
            if (stream.streamId() >= firstRefused) {
                refuse(stream);
                return;
            }
            nextStream = Math.max(nextStream, stream.streamId() + STREAM_ID_STEP);
            stream.closeFuture().addListener(closed -> {
                ended++;
                completeIfDone();
            });
        }
        own.fireChannelRead(message);
    }

    private void refuse(QuicStreamChannel stream) {
        // The connection's pipeline would have registered it, and given it to the application.
        requireNonNull(channel).eventLoop().register(stream).addListener(registered ->
                stream.shutdown(Http3ErrorCode.H3_REQUEST_REJECTED.code()));
    }

    @Override
    public void channelActive(ChannelHandlerContext own) {
        // Behind this the control stream is there.
        own.fireChannelActive();
        if (drained != null) {
            announce();
        }
    }

    /** On the event loop of the channel; without a grace that of the round-trip time. */
    Future<Void> drain(@Nullable Duration wanted) {
        QuicChannel own = requireNonNull(channel);
        if (drained == null) {
            drained = own.eventLoop().newPromise();
            grace = wanted;
            if (own.isActive()) {
                announce();
            }
        }
        return drained;
    }

    private void announce() {
        goAway(ANY_REQUEST);
        if (grace != null) {
            tellLastRequestAfter(grace.toNanos());
        } else {
            Future<QuicConnectionPathStats> path = requireNonNull(channel).collectPathStats(0);
            path.addListener(collected -> tellLastRequestAfter(
                    ROUND_TRIPS * (ACK_DELAY_NANOS + (path.isSuccess() ? path.getNow().rtt() : 0))));
        }
    }

    private void tellLastRequestAfter(long nanos) {
        if (nanos == 0) {
            tellLastRequest();
        } else {
            QuicChannel own = requireNonNull(channel);
            Future<?> timer = own.eventLoop().schedule(this::tellLastRequest, nanos, TimeUnit.NANOSECONDS);
            own.closeFuture().addListener(closed -> timer.cancel(false));
        }
    }

    /** The grace is over. */
    void tellLastRequest() {
        if (lastRequestTold) {
            return;
        }
        lastRequestTold = true;
        firstRefused = nextStream;
        goAway(nextStream);
        completeIfDone();
    }

    /** Fails where somebody has sent one with a lower id, which then stands. */
    private void goAway(long id) {
        QuicStreamChannel control = Http3.getLocalControlStream(requireNonNull(channel));
        if (control != null) {
            control.writeAndFlush(new DefaultHttp3GoAwayFrame(id));
        }
    }

    private void completeIfDone() {
        // RFC 9000, section 3.2: a stream opens all those of its type with lower ids, and those have yet to arrive.
        if (drained != null && lastRequestTold && ended == nextStream / STREAM_ID_STEP) {
            drained.trySuccess(null);
        }
    }
}

package io.closenotify.drain;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameListener;
import io.netty.handler.codec.http2.Http2FrameListenerDecorator;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The graceful end of one HTTP/2 connection. Called by the executor of its handler only. */
final class Http2GoAway extends Http2ConnectionAdapter {

    private static final int ANY_STREAM = Integer.MAX_VALUE;
    /** "clsntfy", so that nobody takes the ACK for that of a PING of its own. */
    private static final long PING = 0x636c736e746679L;

    private final ChannelHandlerContext context;
    private final Http2ConnectionHandler handler;
    private final Http2Connection connection;
    private final Promise<Void> done;
    private @Nullable ScheduledFuture<?> pingTimer;
    private boolean lastStreamTold;

    Http2GoAway(ChannelHandlerContext context, Promise<Void> done) {
        this.context = context;
        this.done = done;
        handler = (Http2ConnectionHandler) context.handler();
        connection = handler.connection();
    }

    void begin(Duration pingTimeout) {
        connection.addListener(this);
        done.addListener(ended -> cleanUp());
        if (connection.isServer() && !isLastStreamTold()) {
            goAway(ANY_STREAM);
            ping(pingTimeout);
        } else {
            tellLastStream();
        }
    }

    private boolean isLastStreamTold() {
        return connection.goAwaySent() && connection.remote().lastStreamKnownByPeer() != ANY_STREAM;
    }

    private void ping(Duration timeout) {
        handler.decoder().frameListener(new AckListener(handler.decoder().frameListener()));
        handler.encoder().writePing(context, false, PING, context.newPromise());
        context.flush();
        if (!timeout.isZero()) {
            pingTimer = context.executor().schedule(this::tellLastStream, timeout.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void tellLastStream() {
        if (lastStreamTold) {
            return;
        }
        lastStreamTold = true;
        stopTimer();
        if (!isLastStreamTold()) {
            goAway(connection.remote().lastStreamCreated());
            context.flush();
        }
        completeIfIdle();
    }

    private void goAway(int lastStream) {
        handler.goAway(context, lastStream, Http2Error.NO_ERROR.code(), Unpooled.EMPTY_BUFFER, context.newPromise());
    }

    @Override
    public void onStreamClosed(Http2Stream stream) {
        completeIfIdle();
    }

    private void completeIfIdle() {
        if (lastStreamTold && connection.numActiveStreams() == 0) {
            // Not in here: the codec is in the middle of something.
            context.executor().execute(() -> done.trySuccess(null));
        }
    }

    private void stopTimer() {
        if (pingTimer != null) {
            pingTimer.cancel(false);
        }
    }

    private void cleanUp() {
        if (context.executor().inEventLoop()) {
            lastStreamTold = true;
            stopTimer();
            connection.removeListener(this);
        } else {
            context.executor().execute(this::cleanUp);
        }
    }

    /** Stays until the ACK has come, so that the application sees no ACK of a PING that is not its own. */
    private final class AckListener extends Http2FrameListenerDecorator {

        AckListener(Http2FrameListener own) {
            super(own);
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext own, long data) throws Http2Exception {
            if (data != PING) {
                super.onPingAckRead(own, data);
                return;
            }
            // Somebody may have wrapped it since: then it only forwards.
            if (handler.decoder().frameListener() == this) {
                handler.decoder().frameListener(listener);
            }
            tellLastStream();
        }
    }
}

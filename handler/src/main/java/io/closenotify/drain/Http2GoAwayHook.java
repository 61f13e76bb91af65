package io.closenotify.drain;

import io.closenotify.ShutdownPolicy;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.util.AttributeKey;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;

/**
 * Ends an HTTP/2 connection without losing a request: announces the end by a first GOAWAY, lets the requests that are
 * on their way arrive, says by a second one which was the last, and waits until all streams have ended.
 *
 * <p>It serves every {@link Http2ConnectionHandler} that it finds in the pipeline: {@code Http2FrameCodec} with or
 * without the multiplexer, the handlers that translate to HTTP/1.1, those of gRPC and Reactor Netty. A connection
 * without one is left as it is.
 *
 * <p><b>States.</b> A server sends GOAWAY with the last stream id 2^31-1 and NO_ERROR, and a PING. The ACK says that
 * the peer has read that GOAWAY, and that all it sent before has arrived. Then GOAWAY with the id of the last stream
 * there is, and from here on the codec ignores new ones; what was above that id the peer knows to be unprocessed. A
 * client has no such requests to wait for, and sends the second GOAWAY at once. Where somebody has sent a GOAWAY with
 * an id below 2^31-1 already, only the streams are waited for. The future completes when no stream is active. Asked
 * again, the hook joins what is in progress. A TLS handshake in progress is waited for.
 *
 * <p><b>Threading.</b> Without state, and may serve any number of connections.
 *
 * <p><b>Timeouts.</b> The ACK of the PING is waited for 5 s by default; zero waits without end; once it is over the
 * second GOAWAY is sent all the same. For the streams there are {@link DrainPolicy#hookTimeout()} and the deadline of
 * the drain. If one of them comes first, the codec's own {@code gracefulShutdownTimeout} applies to {@code close()}:
 * 30 s for most handlers, none for {@code Http2FrameCodec}.
 *
 * <p><b>Errors.</b> When the connection ends meanwhile, the future completes.
 *
 * <p><b>Specification.</b> RFC 9113, section 6.8: "a server that is attempting to gracefully shut down a connection
 * SHOULD send an initial GOAWAY frame with the last stream identifier set to 2^31-1 and a NO_ERROR code. [...] After
 * allowing time for any in-flight stream creation (at least one round-trip time), the server MAY send another GOAWAY
 * frame with an updated last stream identifier."
 */
public final class Http2GoAwayHook implements BeforeCloseHook {

    private static final Duration PING_TIMEOUT = Duration.ofSeconds(5);
    private static final AttributeKey<Promise<Void>> IN_PROGRESS =
            AttributeKey.valueOf(Http2GoAwayHook.class, "IN_PROGRESS");

    private final Duration pingTimeout;

    /** Waits up to 5 s for the ACK of the PING. */
    public Http2GoAwayHook() {
        this(PING_TIMEOUT);
    }

    /**
     * Waits for the ACK of the PING as long as is said.
     *
     * @param pingTimeout how long to wait at most; zero waits without end
     * @throws IllegalArgumentException if it is negative, or more than {@link ShutdownPolicy#MAX_TIMEOUT}
     */
    public Http2GoAwayHook(Duration pingTimeout) {
        this.pingTimeout = DrainPolicy.requireTimeout(pingTimeout, "pingTimeout");
    }

    @Override
    public Future<?> beforeClose(Channel channel) {
        return HookStart.begin(channel, done -> begin(channel, done));
    }

    private void begin(Channel channel, Promise<Void> done) {
        ChannelHandlerContext context = channel.pipeline().context(Http2ConnectionHandler.class);
        if (context == null || !channel.isActive()) {
            // Without the connection preface sent there is nobody to tell.
            done.trySuccess(null);
            return;
        }
        Promise<Void> first = channel.attr(IN_PROGRESS).setIfAbsent(done);
        if (first != null) {
            first.addListener(joined -> done.trySuccess(null));
        } else if (context.executor().inEventLoop()) {
            new Http2GoAway(context, done).begin(pingTimeout);
        } else {
            context.executor().execute(() -> new Http2GoAway(context, done).begin(pingTimeout));
        }
    }
}

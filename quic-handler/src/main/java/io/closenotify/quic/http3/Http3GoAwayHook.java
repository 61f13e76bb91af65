package io.closenotify.quic.http3;

import static java.util.Objects.requireNonNull;

import io.closenotify.drain.BeforeCloseHook;
import io.closenotify.drain.DrainPolicy;
import io.netty.channel.Channel;
import io.netty.incubator.codec.http3.Http3ServerConnectionHandler;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Ends a server's HTTP/3 connection without losing a request: announces the end by a first GOAWAY, lets the requests
 * that are on their way arrive, says by a second one which was the last, and waits until all requests have ended. The
 * work is done by the {@link Http3GoAwayHandler} that it finds in the pipeline of the {@code QuicChannel}.
 *
 * <p><b>States.</b> GOAWAY with 2^62-4 goes out on the control stream. After the grace, GOAWAY with the id behind the
 * last request stream seen; streams from that id on are reset with H3_REQUEST_REJECTED, and the application does not
 * see them. The future completes when all request streams below it have ended, those too whose packets were lost and
 * have yet to come again; one that the peer has opened and never uses is waited for as long as the drain allows. In the
 * handshake that is waited for. A connection that speaks something else is left as it is. Asked again, the hook joins
 * what is in progress.
 *
 * <p>The shutdown that follows should tell H3_NO_ERROR (0x100), and delivers what was written first:
 * <pre>{@code
 * QuicShutdownPolicy.compliant().toBuilder().close(QuicConnectionClose.application(0x100, "")).build()
 * }</pre>
 *
 * <p><b>Threading.</b> Without state, and may serve any number of connections.
 *
 * <p><b>Timeouts.</b> The grace is by default three times the round-trip time that the connection has measured, each
 * with the 25 ms added by which the peer may delay an acknowledgement; HTTP/3 has no frame that is answered. A request
 * that needs longer is not lost: the client knows by the second GOAWAY that it was not processed. Zero sends the second
 * GOAWAY at once. For the requests there are {@link DrainPolicy#hookTimeout()} and the deadline of the
 * drain.
 *
 * <p><b>Errors.</b> The future fails with {@link IllegalStateException} if there is an
 * {@link Http3ServerConnectionHandler} but no {@link Http3GoAwayHandler}. When the connection ends meanwhile, the
 * future completes.
 *
 * <p><b>Specification.</b> RFC 9114, section 5.2: "An endpoint that is attempting to gracefully shut down a connection
 * can send a GOAWAY frame with a value set to the maximum possible value (2^62-4 for servers, 2^62-1 for clients).
 * This ensures that the peer stops creating new requests or pushes. After allowing time for any in-flight requests or
 * pushes to arrive, the endpoint can send another GOAWAY frame indicating which requests or pushes it might accept
 * before the end of the connection"; section 4.1.1 (H3_REQUEST_REJECTED).
 */
public final class Http3GoAwayHook implements BeforeCloseHook {

    private final @Nullable Duration grace;

    /** With a grace that follows the round-trip time of the connection. */
    public Http3GoAwayHook() {
        grace = null;
    }

    /**
     * With a fixed grace.
     *
     * @param grace the time between the first GOAWAY and the second
     * @throws IllegalArgumentException if it is negative
     */
    public Http3GoAwayHook(Duration grace) {
        if (requireNonNull(grace, "grace").isNegative()) {
            throw new IllegalArgumentException("grace: " + grace + " (expected: >= 0)");
        }
        this.grace = grace;
    }

    @Override
    public Future<?> beforeClose(Channel channel) {
        Promise<Void> done = channel.eventLoop().newPromise();
        channel.closeFuture().addListener(closed -> done.trySuccess(null));
        Http3GoAwayHandler handler = channel.pipeline().get(Http3GoAwayHandler.class);
        if (handler != null) {
            handler.drain(grace).addListener(drained -> done.trySuccess(null));
        } else if (channel.pipeline().get(Http3ServerConnectionHandler.class) != null) {
            done.tryFailure(new IllegalStateException("there is no Http3GoAwayHandler in " + channel.pipeline()
                    + " (expected: one in front of the Http3ServerConnectionHandler)"));
        } else {
            done.trySuccess(null);
        }
        return done;
    }
}

package io.closenotify.drain;

import io.closenotify.ShutdownPolicy;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.time.Duration;

/**
 * Ends a server's HTTP/1.1 connection behind a response that says {@code Connection: close}. The work is done by the
 * {@link HttpConnectionCloseHandler} that it finds in the pipeline.
 *
 * <p><b>States.</b> While responses are owed, no further request is taken, and the last response that is owed says
 * {@code Connection: close}. Where the head of the last response is gone already, one more request is taken, and its
 * response says it. On a connection that is idle, or becomes so without that word having been said, a request may be on
 * its way that the client must not lose: it is taken for the time of the idle grace, and its response says
 * {@code Connection: close}. The future completes when that response was written, or the grace is over; from then on
 * nothing is taken.
 *
 * <p>A request that is sent in the very moment in which the grace ends is closed on without a response. The application
 * never sees it, but the client cannot know that (RFC 9112, section 9.5, "a client, server, or proxy MAY close the
 * transport connection at any time"); by section 9.3.1 it may try again by itself only what is idempotent. The longer
 * the grace, the more clients have sent a request meanwhile and were told. At least it should be longer than a round
 * trip.
 *
 * <p>A connection that has left HTTP (status 101, or 2xx to CONNECT), or never spoke it, is left as it is. A TLS
 * handshake in progress is waited for. Asked again, the hook joins what is in progress.
 *
 * <p><b>Threading.</b> Without state, and may serve any number of connections.
 *
 * <p><b>Timeouts.</b> The idle grace is 1 s by default; zero closes idle connections at once, as nginx and Go's
 * {@code net/http} do. For responses there are {@link DrainPolicy#hookTimeout()} and the deadline of the drain.
 *
 * <p><b>Errors.</b> The future fails with {@link IllegalStateException} if there is an {@link HttpServerCodec} but no
 * {@link HttpConnectionCloseHandler} behind it. When the connection ends meanwhile, the future completes.
 *
 * <p><b>Specification.</b> RFC 9112, section 9.6: a server that sends "close" does so in "its final response on that
 * connection", and "MUST NOT process any further requests received on that connection".
 */
public final class HttpConnectionCloseHook implements BeforeCloseHook {

    private static final Duration IDLE_GRACE = Duration.ofSeconds(1);

    private final Duration idleGrace;

    /** Gives idle connections 1 s. */
    public HttpConnectionCloseHook() {
        this(IDLE_GRACE);
    }

    /**
     * Gives idle connections the time that is said.
     *
     * @param idleGrace how long requests are taken on an idle connection; zero closes at once
     * @throws IllegalArgumentException if it is negative, or more than {@link ShutdownPolicy#MAX_TIMEOUT}
     */
    public HttpConnectionCloseHook(Duration idleGrace) {
        this.idleGrace = DrainPolicy.requireTimeout(idleGrace, "idleGrace");
    }

    @Override
    public Future<?> beforeClose(Channel channel) {
        return HookStart.begin(channel, done -> begin(channel, done));
    }

    private void begin(Channel channel, Promise<Void> done) {
        HttpConnectionCloseHandler handler = channel.pipeline().get(HttpConnectionCloseHandler.class);
        if (handler != null) {
            handler.drain(idleGrace).addListener(drained -> done.trySuccess(null));
        } else if (channel.pipeline().get(HttpServerCodec.class) != null) {
            done.tryFailure(new IllegalStateException("there is no HttpConnectionCloseHandler in " + channel.pipeline()
                    + " (expected: one behind the HttpServerCodec)"));
        } else {
            done.trySuccess(null);
        }
    }
}

package io.closenotify.examples.probe.quic;

import static java.util.Objects.requireNonNull;

import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Prober;
import io.netty.incubator.codec.quic.BoringSSLKeylog;
import io.netty.incubator.codec.quic.QuicSslContext;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Audits how a server closes QUIC connections.
 *
 * <p>The codec shakes hands and sends the request. From then on packets are read and made by the prober itself, with
 * the keys that the codec's TLS tells: so it sees every frame, loses what it wants to lose, and goes on sending on a
 * connection that is closed, as a client does that has missed the close.
 *
 * <p>A server that does not close by itself is made to, by a HANDSHAKE_DONE frame: RFC 9000, section 19.20, has any
 * server close the connection with PROTOCOL_VIOLATION then.
 *
 * <p>Three connections at most, one after the other; each waits for the peer no longer than the patience.
 */
public final class QuicProber implements Prober {

    private final Contexts contexts;
    private final Duration patience;
    private final byte @Nullable [] request;

    /** Makes the context of one connection. */
    @FunctionalInterface
    public interface Contexts {

        /**
         * Makes the context.
         *
         * @param host the server's name, for who checks it
         * @param keys has to be given to the context's builder
         * @return a client's context, with application protocols
         * @throws SSLException if there can be none
         */
        QuicSslContext context(String host, BoringSSLKeylog keys) throws SSLException;
    }

    /**
     * Creates a prober.
     *
     * @param contexts makes the contexts of the connections
     * @param patience how long to wait for anything that the peer may do
     * @param request what to send on a two-way stream so that the peer has something to answer, or {@code null}; not
     *     used with HTTP/3, where "/" is asked for
     */
    public QuicProber(Contexts contexts, Duration patience, byte @Nullable [] request) {
        this.contexts = requireNonNull(contexts, "contexts");
        this.patience = requireNonNull(patience, "patience");
        this.request = request == null ? null : request.clone();
    }

    @Override
    public ProbeReport audit(String host, int port) throws InterruptedException {
        return new QuicAudit(host, port, contexts, patience, request).report();
    }
}

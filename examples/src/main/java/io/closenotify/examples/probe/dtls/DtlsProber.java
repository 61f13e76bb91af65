package io.closenotify.examples.probe.dtls;

import static java.util.Objects.requireNonNull;

import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Prober;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Audits how a server closes DTLS 1.2 connections.
 *
 * <p>It leaves every connection with a close_notify, the one it is silent on included, for there are servers that serve
 * nobody else meanwhile; and it repeats close_notify only to a server that has answered one, for there are others that
 * cannot bear what comes behind it.
 *
 * <p>Six connections at most, each of which waits for the peer no longer than the patience, or three times that
 * until the handshake with one that answers is done.
 */
public final class DtlsProber implements Prober {

    private final Supplier<DtlsHandlerBuilder> handlers;
    private final Duration patience;
    private final byte @Nullable [] request;

    /**
     * Creates a prober.
     *
     * @param handlers makes a new builder each time, all of the same {@code SSLContext}, whose sessions are resumed;
     *     policy, timeouts and peer are set here
     * @param patience how long to wait for anything that the peer may do
     * @param request what to send so that the peer has something to answer, or {@code null}
     */
    public DtlsProber(Supplier<DtlsHandlerBuilder> handlers, Duration patience, byte @Nullable [] request) {
        this.handlers = requireNonNull(handlers, "handlers");
        this.patience = requireNonNull(patience, "patience");
        this.request = request == null ? null : request.clone();
    }

    @Override
    public ProbeReport audit(String host, int port) throws InterruptedException {
        return new DtlsAudit(host, port, handlers, patience, request).report();
    }
}

package io.closenotify.tls;

import static java.util.Objects.requireNonNull;

import io.closenotify.EngineCapabilities;
import io.closenotify.ShutdownResult;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code SslHandler} that a {@link TlsShutdownHandler} serves, and what is put around it: the adapter of its
 * engine, the gate in front, the half closure of the transport. Event loop only, but for {@link #own()} and
 * {@link #capabilities()}.
 */
final class TlsAttachment {

    private final ChannelHandlerContext own;
    private volatile @Nullable ChannelHandlerContext sslContext;

    /** Kept only if it knows more than the engine itself. */
    private volatile @Nullable TlsEngine engine;
    private volatile @Nullable InputGate gate;
    private boolean inner;
    private boolean halfClosureSwitchedOn;

    TlsAttachment(ChannelHandlerContext own) {
        this.own = own;
    }

    /** The context of the {@link TlsShutdownHandler}. */
    ChannelHandlerContext own() {
        return own;
    }

    // The SslHandler

    boolean isEstablished() {
        return sslHandler().handshakeFuture().isSuccess() && engine().isEstablished();
    }

    /** Looks for the nearest SslHandler in front; a gate that lets records through one by one joins it in time only. */
    boolean find(boolean wantsRecords) {
        ChannelHandlerContext nearest = null;
        boolean another = false;
        for (Map.Entry<String, ChannelHandler> entry : own.pipeline()) {
            if (entry.getValue() == own.handler()) {
                break;
            }
            if (entry.getValue() instanceof SslHandler) {
                another = nearest != null;
                nearest = own.pipeline().context(entry.getValue());
            }
        }
        if (nearest != sslContext) {
            release();
            TlsEngine found = nearest == null ? null : TlsEngine.of(nearest);
            engine = found instanceof JdkTlsEngine ? null : found;
            sslContext = nearest;
            if (found != null && (wantsRecords || found.needsRecordsOfHandshake())
                    && !sslHandler().handshakeFuture().isDone()) {
                install(new InputGate(handler(), found, true));
            }
        }
        inner = another;
        return nearest != null;
    }

    private TlsShutdownHandler handler() {
        return (TlsShutdownHandler) own.handler();
    }

    /** Whether one was found and is still there. */
    boolean isThere() {
        ChannelHandlerContext known = sslContext;
        return known != null && !known.isRemoved();
    }

    boolean wasFound() {
        return sslContext != null;
    }

    ChannelHandlerContext sslContext() {
        return requireNonNull(sslContext);
    }

    SslHandler sslHandler() {
        return (SslHandler) sslContext().handler();
    }

    TlsEngine engine() {
        return engine(sslContext());
    }

    private TlsEngine engine(ChannelHandlerContext ssl) {
        TlsEngine kept = engine;
        return kept == null ? TlsEngine.of(ssl) : kept;
    }

    /** Whether the SslHandler stands behind another one: TLS in TLS. */
    boolean isInner() {
        return inner;
    }

    @Nullable EngineCapabilities capabilities() {
        ChannelHandlerContext ssl = sslContext;
        return ssl == null ? null : engine(ssl).capabilities(isGated());
    }

    /**
     * Takes over what the engine and the transport would do by themselves.
     *
     * @param keeps whether the transport may live on
     * @param defers whether the answer to the peer's close_notify may have to wait
     * @param earlyTickets whether a server's tickets are not to wait for its first write
     */
    void handshakeCompleted(boolean keeps, boolean defers, boolean earlyTickets) {
        engine().handshakeCompleted();
        if (earlyTickets) {
            engine().sendTickets();
        }
        ChannelConfig config = own.channel().config();
        if (!Boolean.TRUE.equals(config.getOption(ChannelOption.ALLOW_HALF_CLOSURE))) {
            halfClosureSwitchedOn = config.setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        }
        if (!keeps && !(defers && engine().answersByItself())) {
            removeGate();
        }
    }

    /**
     * Tells whether the session stays fit for resumption, and makes it unfit where it must not be resumed. RFC 5246,
     * section 7.2.2: after a fatal alert it MUST NOT be; RFC 8446, section 6: tickets SHOULD be discarded then. Section
     * 7.2.1: "failure to properly close a connection no longer requires that a session not be resumed".
     */
    boolean leaveSession(ShutdownResult result) {
        SslHandler ssl = sslHandler();
        if (!ssl.handshakeFuture().isSuccess()) {
            return false;
        }
        if (result == ShutdownResult.FATAL_ALERT) {
            ssl.engine().getSession().invalidate();
        }
        return ssl.engine().getSession().isValid() && engine().isEstablished() && !engine().ticketsDue();
    }

    /**
     * Leaves everything as it would be without us.
     *
     * @return whether the transport would be closed
     */
    boolean detach(boolean inputEnded) {
        boolean closed = wouldHaveClosedAtEndOfInput(inputEnded);
        release();
        restoreHalfClosure();
        return closed;
    }

    private void release() {
        if (wasFound()) {
            engine().detach();
        }
        removeGate();
    }

    // The transport

    /** As the application had it. */
    void restoreHalfClosure() {
        if (halfClosureSwitchedOn) {
            own.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
        }
    }

    /** Whether the input has ended, and the transport was open all the same only because we wanted it to be. */
    boolean wouldHaveClosedAtEndOfInput(boolean inputEnded) {
        InputGate current = gate;
        return halfClosureSwitchedOn && (inputEnded || (current != null && current.holdsEndOfInput()));
    }

    // The gate in front

    /** The gate, put there if it was not needed so far. */
    InputGate gate() {
        InputGate current = gate;
        if (current == null) {
            current = new InputGate(handler(), engine(), false);
            install(current);
        }
        return current;
    }

    private void install(InputGate added) {
        ChannelHandlerContext ssl = sslContext();
        gate = added;
        if (!ssl.isRemoved()) {
            ssl.pipeline().addBefore(ssl.name(), null, added);
        }
    }

    private void removeGate() {
        InputGate removed = gate;
        gate = null;
        if (removed != null) {
            removed.releaseAlert();
            ChannelPipeline pipeline = own.pipeline();
            if (pipeline.context(removed) != null) {
                removed.leave();
            }
        }
    }

    /** Whether records are let through one by one. */
    boolean isGated() {
        InputGate current = gate;
        return current != null && current.isFramed();
    }

    void releaseHeldAlert() {
        InputGate current = gate;
        if (current != null) {
            current.releaseAlert();
        }
    }

    /** Whether it is too late for the transport to live on. */
    boolean isPastKeeping() {
        InputGate current = gate;
        return (current != null && current.isDiscarding())
                || (own.channel() instanceof DuplexChannel duplex && duplex.isOutputShutdown());
    }
}

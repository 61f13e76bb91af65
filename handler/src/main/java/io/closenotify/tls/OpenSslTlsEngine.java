package io.closenotify.tls;

import io.closenotify.EngineCapabilities;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProtocols;
import io.netty.internal.tcnative.Buffer;
import io.netty.internal.tcnative.SSL;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * netty-tcnative's engine (BoringSSL).
 *
 * <p>{@code SslHandler.closeOutbound()} is never called: after it the engine reports every later unwrap as closed,
 * which loses the peer's data and fakes its close_notify. The alert is made by {@code SSL_shutdown} itself instead, and
 * fetched from the engine by writing an empty buffer.
 *
 * <p>The engine answers the peer's close_notify by itself, inside {@code unwrap}, and so fails what the application has
 * yet to write. It does not once its private field {@code receivedShutdown} is true; then no event tells of the alert
 * either, and this adapter stands behind the {@code SslHandler} to ask the engine after each batch of reads: one native
 * call, and the only thing of ours on the inbound path of a steady connection. Where the field cannot be reached, the
 * engine keeps answering and {@link EngineCapabilities#answersAfterApplication()} says so.
 */
final class OpenSslTlsEngine extends ChannelInboundHandlerAdapter implements TlsEngine {

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(OpenSslTlsEngine.class);

    /**
     * How often SSL_shutdown is retried after its 2,048-byte BIO was emptied. A TLS 1.3 server that never wrote, with
     * mutual TLS and a long chain, has so many tickets pending that nine were needed.
     */
    private static final int MAX_ATTEMPTS = 64;

    /** For calls whose byte nobody looks at. Without {@code sun.misc.Unsafe} Netty's own buffers tell no address. */
    private static final ByteBuffer SCRATCH = ByteBuffer.allocateDirect(1);

    private static final @Nullable VarHandle RECEIVED_SHUTDOWN = receivedShutdownField();

    private final ChannelHandlerContext sslContext;
    private final SslHandler ssl;
    private final ReferenceCountedOpenSslEngine engine;

    /** The context of this handler while it watches for the peer's close_notify, and the answer is ours. */
    private @Nullable ChannelHandlerContext watch;
    private boolean closeNotifyReceived;
    private boolean ticketsMissed;

    /** Counted up to two: the first brings the end of the handshake. */
    private byte batches;

    OpenSslTlsEngine(ChannelHandlerContext sslContext, SslHandler ssl, ReferenceCountedOpenSslEngine engine) {
        this.sslContext = sslContext;
        this.ssl = ssl;
        this.engine = engine;
    }

    private static @Nullable VarHandle receivedShutdownField() {
        try {
            return MethodHandles.privateLookupIn(ReferenceCountedOpenSslEngine.class, MethodHandles.lookup())
                    .findVarHandle(ReferenceCountedOpenSslEngine.class, "receivedShutdown", boolean.class);
        } catch (ReflectiveOperationException | RuntimeException e) {
            LOGGER.warn("The answer to a peer's close_notify stays with BoringSSL's engine, which may cut off what the"
                    + " application writes after it (on the module path: --add-opens"
                    + " io.netty.handler/io.netty.handler.ssl=io.closenotify)", e);
            return null;
        }
    }

    @Override
    public EngineCapabilities capabilities(boolean gated) {
        boolean held = gated && !isTls13();
        return new EngineCapabilities("BoringSSL", RECEIVED_SHUTDOWN != null || held,
                RECEIVED_SHUTDOWN != null || held, RECEIVED_SHUTDOWN != null, gated, false, false);
    }

    @Override
    public boolean answersByItself() {
        return watch == null;
    }

    private boolean isTls13() {
        return SslProtocols.TLS_v1_3.equals(engine.getSession().getProtocol());
    }

    @Override
    public void inputRead() {
        if (watch != null) {
            poll(watch);
        }
    }

    @Override
    public boolean ticketsDue() {
        return ticketsMissed || (watch != null && batches < 2 && engine.getUseClientMode() && isTls13()
                && ssl.engine().getSession().getSessionContext() instanceof OpenSslSessionContext sessions
                && sessions.isSessionCacheEnabled());
    }

    @Override
    public boolean needsRecordsOfHandshake() {
        return RECEIVED_SHUTDOWN != null;
    }

    @Override
    public boolean isEstablished() {
        // A close_notify in the handshake fails it.
        return true;
    }

    @Override
    public void handshakeCompleted() {
        if (watch == null && takeOverAnswer()) {
            sslContext.pipeline().addAfter(sslContext.name(), null, this);
            watch = sslContext.pipeline().context(this);
        }
    }

    /**
     * A TLS 1.3 server keeps its session tickets until its first write: a client that has nothing to read would never
     * have them, and one that waits for them before it closes would wait in vain. Writing nothing takes them along;
     * Netty does not even try to write an empty buffer.
     */
    @Override
    public void sendTickets() {
        ChannelHandlerContext behind = watch;
        if (behind == null || engine.getUseClientMode() || !isTls13()) {
            return;
        }
        boolean wantsWrite = true;
        for (int attempt = 0; wantsWrite && attempt < MAX_ATTEMPTS; attempt++) {
            synchronized (engine) {
                long pointer = engine.sslPointer();
                wantsWrite = pointer != 0 && wantsWriteAfterNothing(pointer);
            }
            behind.writeAndFlush(Unpooled.EMPTY_BUFFER);
        }
    }

    private static boolean wantsWriteAfterNothing(long pointer) {
        int written = SSL.writeToSSL(pointer, Buffer.address(SCRATCH), 0);
        boolean wantsWrite = written < 0 && SSL.getError(pointer, written) == SSL.SSL_ERROR_WANT_WRITE;
        SSL.clearError();
        return wantsWrite;
    }

    /** Not if the alert came with the end of the handshake: then the engine has answered, and its event is true. */
    private boolean takeOverAnswer() {
        synchronized (engine) {
            long pointer = engine.sslPointer();
            if (RECEIVED_SHUTDOWN == null || pointer == 0
                    || (SSL.getShutdown(pointer) & SSL.SSL_RECEIVED_SHUTDOWN) != 0) {
                return false;
            }
            RECEIVED_SHUTDOWN.set(engine, true);
            return true;
        }
    }

    @Override
    public void detach() {
        if (watch != null && !closeNotifyReceived && RECEIVED_SHUTDOWN != null) {
            synchronized (engine) {
                RECEIVED_SHUTDOWN.set(engine, false);
            }
        }
        removeWatch();
    }

    private void removeWatch() {
        watch = null;
        if (sslContext.pipeline().context(this) != null) {
            sslContext.pipeline().remove(this);
        }
    }

    @Override
    public boolean closeNotifyReceived() {
        // While the watch is in charge the event alone proves nothing: whoever calls SslHandler.closeOutbound() makes
        // the engine fire it at the next inbound byte.
        return watch != null ? closeNotifyReceived : ssl.sslCloseFuture().isSuccess();
    }

    @Override
    public boolean answered() {
        synchronized (engine) {
            return engine.isOutboundDone();
        }
    }

    /** Asks the engine whether the peer's close_notify, or a failure that it keeps to itself, is in. */
    private void poll(ChannelHandlerContext context) {
        if (closeNotifyReceived) {
            return;
        }
        boolean failed;
        synchronized (engine) {
            long pointer = engine.sslPointer();
            if (pointer == 0 || (SSL.getShutdown(pointer) & SSL.SSL_RECEIVED_SHUTDOWN) == 0) {
                return;
            }
            // RECEIVED is set by fatal alerts and local failures as well; SSL_read tells them apart.
            failed = readsMoreThanTheEnd(pointer);
            closeNotifyReceived = !failed;
        }
        if (failed) {
            // The engine throws what it holds back at the next wrap.
            context.writeAndFlush(Unpooled.EMPTY_BUFFER);
        } else if (ssl.sslCloseFuture() instanceof Promise<Channel> promise && promise.trySuccess(context.channel())) {
            sslContext.fireUserEventTriggered(SslCloseCompletionEvent.SUCCESS);
        }
    }

    private static boolean readsMoreThanTheEnd(long pointer) {
        int read = SSL.readFromSSL(pointer, Buffer.address(SCRATCH), 1);
        boolean end = read <= 0 && SSL.getError(pointer, read) == SSL.SSL_ERROR_ZERO_RETURN;
        SSL.clearError();
        return !end;
    }

    @Override
    public void sendCloseNotify(ChannelHandlerContext behind, ChannelPromise promise) {
        ticketsMissed = ticketsDue();
        for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            String failure = null;
            synchronized (engine) {
                long pointer = engine.sslPointer();
                int result = pointer == 0 ? 1 : SSL.shutdownSSL(pointer);
                int error = result < 0 ? SSL.getError(pointer, result) : SSL.SSL_ERROR_NONE;
                if (pointer == 0 && (sslContext.isRemoved() || !ssl.sslCloseFuture().isSuccess())) {
                    // Freed without having exchanged the alerts by itself.
                    failure = "the engine was freed before its close_notify was sent";
                } else if (error == SSL.SSL_ERROR_SSL || error == SSL.SSL_ERROR_SYSCALL) {
                    failure = "SSL_shutdown failed: " + SSL.getErrorString(SSL.getLastErrorNumber());
                }
                SSL.clearError();
                if (failure == null && error != SSL.SSL_ERROR_WANT_WRITE) {
                    break;
                }
            }
            if (failure != null) {
                promise.setFailure(new SSLException(failure));
                return;
            }
            // WANT_WRITE: the BIO is full; empty it onto the wire and call again.
            if (!emptied(behind, promise)) {
                return;
            }
            if (attempt == MAX_ATTEMPTS - 1) {
                promise.setFailure(new SSLException("SSL_shutdown still wants to write after " + MAX_ATTEMPTS
                        + " attempts"));
                return;
            }
        }
        // An empty write makes room for 22 bytes only; the last 2 of a TLS 1.3 alert follow in a write of their own. So
        // the first fetches the alert, and the second is done when all of it has left.
        if (emptied(behind, promise)) {
            behind.writeAndFlush(Unpooled.EMPTY_BUFFER, promise);
        }
    }

    /** Takes along what the engine has for the peer; the promise fails if it is known already not to leave. */
    private static boolean emptied(ChannelHandlerContext behind, ChannelPromise promise) {
        Future<Void> written = behind.writeAndFlush(Unpooled.EMPTY_BUFFER);
        boolean failed = written.isDone() && !written.isSuccess();
        if (failed) {
            promise.setFailure(written.cause());
        }
        return !failed;
    }

    @Override
    public boolean abandonHandshake(ChannelPromise promise) {
        // "shutdown while in init" is an error to BoringSSL: there is nothing that could be sent.
        promise.setSuccess();
        return false;
    }

    @Override
    public void markQuiet() {
        ticketsMissed = ticketsDue();
        removeWatch();
        synchronized (engine) {
            long pointer = engine.sslPointer();
            if (pointer != 0) {
                SSL.setShutdown(pointer, SSL.SSL_SENT_SHUTDOWN | SSL.SSL_RECEIVED_SHUTDOWN);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (batches < 2) {
            batches++;
        }
        // First the application: it may flush its last answer now.
        context.fireChannelReadComplete();
        poll(context);
    }
}

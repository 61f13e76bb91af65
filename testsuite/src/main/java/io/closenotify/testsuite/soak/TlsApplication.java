package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.TruncationException;
import io.closenotify.testsuite.soak.TlsScenario.Script;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The application at one end: does what its script says, and remembers what it was told. */
final class TlsApplication extends ChannelInboundHandlerAdapter implements Application {

    private static final int CHUNK = 64 * 300;

    private final Script script;
    private final long peersBytes;
    private final TlsShutdownHandler handler;
    private final CompletableFuture<TlsApplication> ended = new CompletableFuture<>();
    private final List<ShutdownOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final List<Throwable> exceptions = new CopyOnWriteArrayList<>();
    private final AtomicLong submitted = new AtomicLong();
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong received = new AtomicLong();
    private final AtomicInteger truncations = new AtomicInteger();
    private final AtomicInteger peerCloses = new AtomicInteger();
    private volatile boolean intact = true;
    private volatile boolean handshakeDone;
    private volatile boolean told;
    private volatile boolean asked;
    private volatile @Nullable Future<?> future;
    private @Nullable ChannelHandlerContext context;

    TlsApplication(Script script, long peersBytes, TlsShutdownHandler handler) {
        this.script = script;
        this.peersBytes = peersBytes;
        this.handler = handler;
    }

    /**
     * What one end was told, when all is over.
     *
     * @param script what it did
     * @param outcome its outcome
     * @param outcomes how many events told of it
     * @param handshakeDone whether it took part in the shutdown of an established connection
     * @param asked whether it asked for the shutdown before the outcome
     * @param received how many bytes its application has read
     * @param intact whether they were those that the peer wrote
     * @param submitted how many bytes it tried to write
     * @param written how many of them were written, by their promises
     * @param peerCloses how often it was told of the peer's close_notify
     * @param truncations how often of a truncation
     * @param exceptions what else went through the pipeline
     * @param futureAgrees whether the future it asked with, if in time, succeeded just if the outcome is a success
     */
    record Told(Script script, ShutdownOutcome outcome, int outcomes, boolean handshakeDone, boolean asked,
            long received, boolean intact, long submitted, long written, int peerCloses, int truncations,
            List<Throwable> exceptions, boolean futureAgrees) implements Evidence.Ended {

        boolean isQuiet() {
            return outcome.mode() == ShutdownMode.QUIET;
        }

        Told with(ShutdownOutcome other) {
            return new Told(script, other, outcomes, handshakeDone, asked, received, intact, submitted, written,
                    peerCloses, truncations, exceptions, futureAgrees);
        }

        Told withReceived(long other) {
            return new Told(script, outcome, outcomes, handshakeDone, asked, other, intact, submitted, written,
                    peerCloses, truncations, exceptions, futureAgrees);
        }
    }

    /** Completes when the channel is closed and the outcome known. */
    @Override
    public CompletableFuture<TlsApplication> ended() {
        return ended;
    }

    /** Ends what has not ended by itself. */
    @Override
    public void shutDown() {
        ChannelHandlerContext own = requireNonNull(context);
        own.executor().execute(() -> {
            if (!ended.isDone() && !asked) {
                askForShutdown();
            }
        });
    }

    Told told() {
        Future<?> own = future;
        ShutdownOutcome outcome = outcomes.get(0);
        return new Told(script, outcome, outcomes.size(), handshakeDone, told, received.get(), intact,
                submitted.get(), written.get(), peerCloses.get(), truncations.get(), List.copyOf(exceptions),
                own == null || !told || (own.isDone() && own.isSuccess() == outcome.isSuccess()));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        added.channel().closeFuture().addListener(closed -> check(added));
    }

    private void check(ChannelHandlerContext own) {
        // Behind the promises of close(), which complete when the channel is closed.
        if (!own.channel().isOpen() && !outcomes.isEmpty()) {
            own.executor().execute(() -> own.executor().execute(() -> ended.complete(this)));
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext own, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            // Who was asked to shut down before gives the handshake up, even if it is done a moment later.
            // (And what the SslHandler takes for success may be a close_notify: the session has no cipher then.)
            handshakeDone = !asked && outcomes.isEmpty() && !"SSL_NULL_WITH_NULL_NULL".equals(
                    own.pipeline().get(SslHandler.class).engine().getSession().getCipherSuite());
            write(own, script.bytes());
            proceed();
        } else if (event instanceof PeerCloseNotifyEvent) {
            peerCloses.incrementAndGet();
            if (script.onPeerCloseNotify() == PeerClosePolicy.DEFER && !asked) {
                write(own, script.lateBytes());
                askForShutdown();
            }
        } else if (event == SslCloseCompletionEvent.SUCCESS && script.onPeerCloseNotify() == PeerClosePolicy.RESPOND) {
            peerCloses.compareAndSet(0, 1);
        } else if (event instanceof ShutdownOutcome outcome) {
            told |= asked;
            outcomes.add(outcome);
            check(own);
        }
    }

    private void write(ChannelHandlerContext own, int bytes) {
        for (int left = bytes; left > 0; left -= CHUNK) {
            int length = Math.min(left, CHUNK);
            own.writeAndFlush(Pattern.of(own.alloc(), submitted.getAndAdd(length), length)).addListener(done -> {
                if (done.isSuccess()) {
                    written.addAndGet(length);
                }
            });
        }
    }

    private void proceed() {
        if (handshakeDone && !asked && script.shutsDown()
                && (!script.afterPeersBytes() || received.get() >= peersBytes)) {
            askForShutdown();
        }
    }

    private void askForShutdown() {
        asked = true;
        told = outcomes.isEmpty();
        future = script.byClose() ? requireNonNull(context).channel().close() : handler.shutdown();
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        ByteBuf data = (ByteBuf) message;
        intact &= Pattern.continues(data, received.get());
        received.addAndGet(data.readableBytes());
        data.release();
        proceed();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        if (cause instanceof TruncationException) {
            truncations.incrementAndGet();
        } else {
            exceptions.add(cause);
        }
    }
}

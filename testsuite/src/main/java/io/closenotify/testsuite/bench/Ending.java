package io.closenotify.testsuite.bench;

import static io.closenotify.testsuite.bench.Checks.check;
import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslHandler;
import org.jspecify.annotations.Nullable;

/**
 * An established connection that is about to be shut down, by this library or by stock Netty:
 *
 * <ul>
 *   <li>bidirectional: {@code close()}; stock with a closeNotifyReadTimeout, for without one it does not wait
 *   <li>fast: {@code close()}; stock with its default of no closeNotifyReadTimeout
 *   <li>quiet: {@code close()}; stock past the {@code SslHandler}, by its context
 * </ul>
 *
 * <p>The linger is zero: stock has none that could be compared. The peer's close_notify is made beforehand, and
 * ours is carried to the peer afterwards, so that only the side that shuts down is measured.
 */
final class Ending {

    private final ShutdownMode mode;
    private final boolean ours;
    private final TlsEnd near;
    private final TlsEnd peer;
    private final ByteBuf answer;
    private final @Nullable ChannelHandlerContext pastSsl;
    private final Runnable close = this::close;
    private final Runnable receiveAnswer = this::receiveAnswer;
    private @Nullable ChannelFuture closed;

    Ending(BenchmarkTls tls, ShutdownMode mode, boolean ours) {
        this.mode = mode;
        this.ours = ours;
        SslHandler ssl = tls.newClientHandler();
        if (!ours && mode == ShutdownMode.BIDIRECTIONAL) {
            ssl.setCloseNotifyReadTimeoutMillis(ShutdownPolicy.bidirectional().peerTimeout().toMillis());
        }
        near = new TlsEnd(tls, ssl, ours ? TlsEnd.withoutLinger(mode) : null);
        peer = new TlsEnd(tls, tls.newServerHandler(), null);
        near.handshake(peer);
        peer.ssl().closeOutbound();
        answer = requireNonNull(peer.channel().readOutbound());
        check(peer.channel().readOutbound() == null, "the peer sent more than one record for its close_notify", null);
        check(!near.tail().closeNotifySeen(), "close_notify came early", near.tail().closeNotifySeen());
        pastSsl = !ours && mode == ShutdownMode.QUIET ? near.channel().pipeline().context(ssl) : null;
    }

    /** The event loop of the side that is measured. */
    EventLoop loop() {
        return near.channel().eventLoop();
    }

    /** The measured part: one turn of the event loop for our alert, one for the peer's. */
    void run() {
        near.turn(close);
        if (mode == ShutdownMode.BIDIRECTIONAL) {
            near.turn(receiveAnswer);
        }
    }

    private void close() {
        // By the pipeline, for EmbeddedChannel.close() does work of its own.
        closed = pastSsl != null ? pastSsl.close() : near.channel().pipeline().close();
    }

    private void receiveAnswer() {
        near.channel().pipeline().fireChannelRead(answer);
        near.channel().pipeline().fireChannelReadComplete();
    }

    /** Not measured: what was sent, received and told must be what the mode says; then everything is freed. */
    void verify() {
        ChannelFuture future = requireNonNull(closed);
        check(future.isSuccess() && !near.channel().isOpen(), "the transport was not closed", future);

        boolean sent = near.carryTo(peer);
        boolean arrived = peer.tail().closeNotifySeen() && peer.ssl().engine().isInboundDone();
        boolean quiet = mode == ShutdownMode.QUIET;
        check(sent != quiet, "bytes sent", sent);
        check(arrived != quiet, "close_notify arrived at the peer", arrived);

        if (mode == ShutdownMode.BIDIRECTIONAL) {
            check(near.tail().closeNotifySeen() && near.ssl().sslCloseFuture().isSuccess(),
                    "the peer's close_notify arrived", near.ssl().sslCloseFuture());
        } else {
            answer.release();
        }

        ShutdownOutcome outcome = near.tail().outcome();
        check(ours ? outcome != null && outcome.result() == expected() : outcome == null, "the outcome", outcome);
        near.tearDown();
        peer.tearDown();
    }

    private ShutdownResult expected() {
        return switch (mode) {
            case BIDIRECTIONAL -> ShutdownResult.CLEAN;
            case FAST -> ShutdownResult.UNIDIRECTIONAL;
            case QUIET -> ShutdownResult.QUIET;
        };
    }
}

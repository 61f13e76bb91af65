package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownOutcome;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.testsuite.soak.DtlsScenario.Script;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The application at one end: does what its script says, and remembers what it was told. Event loop, but for futures.
 */
final class DtlsApplication extends ChannelInboundHandlerAdapter implements Application {

    private static final int LARGEST_MESSAGE = 1_000;

    private final Script script;
    private final CompletableFuture<DtlsApplication> established = new CompletableFuture<>();
    private final CompletableFuture<Told> ended = new CompletableFuture<>();
    private final List<ShutdownOutcome> outcomes = new CopyOnWriteArrayList<>();
    private final BitSet received = new BitSet();
    private int written;
    private boolean intact = true;
    private boolean asked;
    private boolean askedBefore;
    private @Nullable Future<?> future;
    private @Nullable ChannelHandlerContext context;

    DtlsApplication(Script script) {
        this.script = script;
    }

    /**
     * What one end was told, when all is over.
     *
     * @param script what it did
     * @param outcome its outcome
     * @param outcomes how many events told of it
     * @param asked whether it asked for the shutdown before the outcome
     * @param received how many of the peer's messages its application has read
     * @param intact whether each was whole, and none came twice
     * @param written how many messages were written, by their promises
     * @param futureAgrees whether the future it asked with, if in time, succeeded just if the outcome is a success
     */
    record Told(Script script, ShutdownOutcome outcome, int outcomes, boolean asked, int received, boolean intact,
            int written, boolean futureAgrees) implements Evidence.Ended {

        Told with(ShutdownOutcome other) {
            return new Told(script, other, outcomes, asked, received, intact, written, futureAgrees);
        }
    }

    CompletableFuture<DtlsApplication> established() {
        return established;
    }

    @Override
    public CompletableFuture<Told> ended() {
        return ended;
    }

    void start() {
        ChannelHandlerContext own = requireNonNull(context);
        own.executor().execute(() -> {
            for (int id = 0; id < script.messages(); id++) {
                int length = Integer.BYTES + id * 97 % LARGEST_MESSAGE;
                ByteBuf message = own.alloc().buffer(length).writeInt(id)
                        .writeBytes(Pattern.bytes(id, length - Integer.BYTES));
                own.writeAndFlush(message).addListener(done -> written += done.isSuccess() ? 1 : 0);
            }
            if (script.shutsDown() && !asked) {
                askForShutdown();
            }
        });
    }

    /** Ends what has not ended by itself. */
    @Override
    public void shutDown() {
        requireNonNull(context).executor().execute(() -> {
            if (outcomes.isEmpty() && !asked) {
                askForShutdown();
            }
        });
    }

    private void askForShutdown() {
        asked = true;
        askedBefore = outcomes.isEmpty();
        ChannelHandlerContext own = requireNonNull(context);
        future = script.byClose() ? own.channel().close() : own.pipeline().get(DtlsHandler.class).shutdown();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        added.channel().closeFuture().addListener(closed -> check(added));
    }

    private void check(ChannelHandlerContext own) {
        // Behind the promises of close(), which complete when the channel is closed.
        if (!own.channel().isOpen() && !outcomes.isEmpty()) {
            own.executor().execute(() -> own.executor().execute(() -> ended.complete(told())));
        }
    }

    private Told told() {
        Future<?> own = future;
        ShutdownOutcome outcome = outcomes.get(0);
        return new Told(script, outcome, outcomes.size(), askedBefore, received.cardinality(), intact, written,
                own == null || !askedBefore || (own.isDone() && own.isSuccess() == outcome.isSuccess()));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext own, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                established.complete(this);
            } else {
                established.completeExceptionally(handshake.cause());
            }
        } else if (event instanceof ShutdownOutcome outcome) {
            outcomes.add(outcome);
            check(own);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        ByteBuf data = (ByteBuf) message;
        int id = data.readInt();
        intact &= !received.get(id) && data.readableBytes() == id * 97 % LARGEST_MESSAGE
                && Pattern.continues(data, id);
        received.set(id);
        data.release();
    }
}

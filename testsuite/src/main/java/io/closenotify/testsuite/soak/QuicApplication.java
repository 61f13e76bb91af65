package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;

import io.closenotify.quic.QuicConnectionClose;
import io.closenotify.quic.QuicPeerCloseEvent;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.testsuite.soak.QuicScenario.Script;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The application at one end: does what its script says, and remembers what it was told. Event loop, but for futures.
 */
final class QuicApplication extends ChannelInboundHandlerAdapter implements Application {

    private static final int CHUNK = 20_000;

    private final Script script;
    private final long peersBytes;
    private final CompletableFuture<QuicApplication> established = new CompletableFuture<>();
    private final CompletableFuture<Told> ended = new CompletableFuture<>();
    private final List<QuicShutdownOutcome> outcomes = new ArrayList<>();
    private final List<QuicConnectionClose> peerCloses = new ArrayList<>();
    private long received;
    private long written;
    private boolean intact = true;
    private boolean asked;
    private boolean askedBefore;
    private boolean writing;
    private @Nullable Future<?> future;
    private @Nullable ChannelHandlerContext context;

    QuicApplication(Script script, long peersBytes) {
        this.script = script;
        this.peersBytes = peersBytes;
    }

    /**
     * What one end was told, when all is over.
     *
     * @param script what it did
     * @param outcome its outcome
     * @param outcomes how many events told of it
     * @param asked whether it asked for the shutdown before the outcome
     * @param received how many of the peer's bytes its application has read
     * @param intact whether they were those that the peer wrote
     * @param written how many bytes were written, by their promises
     * @param peerCloses what it was told of the peer's CONNECTION_CLOSE, before the outcome or with it
     * @param futureAgrees whether the future it asked with, if in time, succeeded just if the outcome is a success
     */
    record Told(Script script, QuicShutdownOutcome outcome, int outcomes, boolean asked, long received, boolean intact,
            long written, List<QuicConnectionClose> peerCloses, boolean futureAgrees) implements Evidence.Ended {

        Told with(QuicShutdownOutcome other) {
            return new Told(script, other, outcomes, asked, received, intact, written, peerCloses, futureAgrees);
        }

        Told withReceived(long other) {
            return new Told(script, outcome, outcomes, asked, other, intact, written, peerCloses, futureAgrees);
        }
    }

    CompletableFuture<QuicApplication> established() {
        return established;
    }

    @Override
    public CompletableFuture<Told> ended() {
        return ended;
    }

    void start() {
        QuicChannel channel = (QuicChannel) requireNonNull(context).channel();
        channel.eventLoop().execute(() -> {
            if (script.bytes() == 0) {
                proceed();
                return;
            }
            writing = true;
            channel.createStream(QuicStreamType.BIDIRECTIONAL, new Stream()).addListener(made -> {
                if (made.isSuccess()) {
                    write((QuicStreamChannel) made.getNow());
                }
                writing = false;
                proceed();
            });
        });
    }

    private void write(QuicStreamChannel stream) {
        for (int offset = 0; offset < script.bytes(); offset += CHUNK) {
            int length = Math.min(script.bytes() - offset, CHUNK);
            stream.writeAndFlush(Pattern.of(stream.alloc(), offset, length))
                    .addListener(done -> written += done.isSuccess() ? length : 0);
        }
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

    private void proceed() {
        if (!asked && !writing && script.shutsDown() && (!script.afterPeersBytes() || received >= peersBytes)) {
            askForShutdown();
        }
    }

    private void askForShutdown() {
        asked = true;
        askedBefore = outcomes.isEmpty();
        future = requireNonNull(context).pipeline().get(QuicShutdownHandler.class).shutdown();
    }

    /** For the streams that the peer opens. */
    static ChannelInitializer<QuicStreamChannel> acceptStreams() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(QuicStreamChannel stream) {
                stream.pipeline().addLast(stream.parent().pipeline().get(QuicApplication.class).new Stream());
            }
        };
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        if (added.channel().isActive()) {
            established.complete(this);
        }
        added.channel().closeFuture().addListener(closed -> check(added.channel()));
    }

    @Override
    public void channelActive(ChannelHandlerContext own) {
        established.complete(this);
        own.fireChannelActive();
    }

    private void check(Channel channel) {
        // Behind the promises of close(), which complete when the channel is closed.
        if (!channel.isOpen() && !outcomes.isEmpty()) {
            channel.eventLoop().execute(() -> channel.eventLoop().execute(() -> ended.complete(told())));
        }
    }

    private Told told() {
        Future<?> own = future;
        QuicShutdownOutcome outcome = outcomes.get(0);
        return new Told(script, outcome, outcomes.size(), askedBefore, received, intact, written,
                List.copyOf(peerCloses),
                own == null || !askedBefore || (own.isDone() && own.isSuccess() == outcome.isSuccess()));
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext own, Object event) {
        if (event instanceof QuicPeerCloseEvent close) {
            peerCloses.add(close.close());
        } else if (event instanceof QuicShutdownOutcome outcome) {
            outcomes.add(outcome);
            check(own.channel());
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        // The outcome has it.
    }

    private final class Stream extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext own, Object message) {
            ByteBuf data = (ByteBuf) message;
            intact &= Pattern.continues(data, received);
            received += data.readableBytes();
            data.release();
            proceed();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
            // The connection's outcome has it.
        }
    }
}

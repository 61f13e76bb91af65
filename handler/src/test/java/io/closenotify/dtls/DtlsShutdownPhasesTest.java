package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.EmbeddedDtlsPair.Side;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What else happens while a connection is being shut down. */
class DtlsShutdownPhasesTest {

    /** How far the client has come. */
    enum Stage {
        NOT_BEGUN,
        HANDSHAKE,
        OPEN,
        PEER_CLOSED,
        FLUSH,
        AWAIT_PEER,
        LINGER,
        TERMINATED;

        EmbeddedDtlsPair reach() {
            return reach(new EmbeddedDtlsPair());
        }

        EmbeddedDtlsPair reach(EmbeddedDtlsPair pair) {
            if (this == NOT_BEGUN) {
                return pair;
            }
            EmbeddedDtlsPair.carry(pair.client, pair.server);
            if (this == HANDSHAKE) {
                return pair;
            }
            pair.handshake();
            switch (this) {
                case PEER_CLOSED -> {
                    pair.server.handler.shutdown();
                    // Without the tasks that writeInbound() would run.
                    pair.client.channel.pipeline().fireChannelRead(pair.server.sent());
                    pair.client.handler.connection().readHandled();
                }
                case FLUSH -> pair.client.handler.shutdown();
                case AWAIT_PEER -> {
                    pair.client.handler.shutdown();
                    pair.client.channel.runPendingTasks();
                }
                case LINGER -> {
                    pair.client.handler.shutdown();
                    pair.exchange();
                }
                case TERMINATED -> {
                    pair.client.handler.shutdown();
                    pair.exchange();
                    pair.pass(2_000);
                }
                default -> {
                    // That far already.
                }
            }
            return pair;
        }
    }

    /** What may come in between. */
    enum Interference {
        ABORT(side -> side.handler.abort()),
        CLOSE(side -> side.channel.pipeline().close()),
        DISCONNECT(side -> side.channel.pipeline().disconnect()),
        SHUTDOWN(side -> side.handler.shutdown()),
        HASTEN(side -> side.handler.shutdown(ShutdownPolicy.fast())),
        SILENCE(side -> side.handler.shutdown(ShutdownPolicy.quiet())),
        REMOVAL(side -> {
            if (side.channel.pipeline().context(side.handler) != null) {
                side.channel.pipeline().remove(side.handler);
            }
        }),
        TRANSPORT_CLOSED(side -> side.channel.unsafe().close(side.channel.voidPromise())),
        EVERYTHING(side -> {
            side.handler.shutdown();
            side.handler.shutdown(ShutdownPolicy.fast());
            side.channel.pipeline().close();
            side.handler.abort();
            side.handler.abort();
            side.channel.unsafe().close(side.channel.voidPromise());
        });

        final Consumer<Side> done;

        Interference(Consumer<Side> done) {
            this.done = done;
        }
    }

    static List<Object[]> interferences() {
        List<Object[]> rows = new ArrayList<>();
        for (Stage stage : Stage.values()) {
            for (Interference interference : Interference.values()) {
                rows.add(new Object[] {stage, interference});
            }
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("interferences")
    void nothing_is_left_behind(Stage stage, Interference interference) {
        try (EmbeddedDtlsPair pair = stage.reach()) {
            Side side = pair.client;
            boolean removed = interference == Interference.REMOVAL;
            ShutdownFuture future = removed && stage == Stage.NOT_BEGUN ? null : futureOf(side, stage, interference);
            ChannelFuture write = side.channel.writeAndFlush(side.message("in between"));
            interference.done.accept(side);
            ChannelFuture behind = side.channel.write(side.message("too late"));
            for (int passed = 0; passed < 70_000; passed += 500) {
                EmbeddedDtlsPair.carry(side, pair.server);
                EmbeddedDtlsPair.drop(pair.server);
                pair.pass(500);
            }
            if (!removed) {
                assertThat(side.outcome()).isNotNull();
                assertThat(side.channel.isOpen()).isFalse();
                assertThat(behind.isDone()).isTrue();
                assertThat(write.isDone()).isTrue();
                assertThat(side.handler.handshakeFuture().isDone()).isTrue();
                assertThat(side.handler.shutdown().isDone()).isTrue();
            }
            if (future != null) {
                assertThat(future.isDone()).isTrue();
            }
            assertThat(side.channel.hasPendingTasks()).isFalse();
            assertThat(side.events.stream().filter(SslHandshakeCompletionEvent.class::isInstance)).hasSize(1);
            assertThat(side.exceptions).isEmpty();
        }
    }

    /** Of a shutdown that has begun already. */
    private static ShutdownFuture futureOf(Side side, Stage stage, Interference interference) {
        return stage.compareTo(Stage.FLUSH) >= 0 && interference != Interference.REMOVAL
                ? side.handler.shutdown() : null;
    }

    @ParameterizedTest
    @ValueSource(strings = {"OPEN", "PEER_CLOSED"})
    void a_handler_that_was_removed_leaves_the_channel_alone(Stage stage) {
        try (EmbeddedDtlsPair pair = stage.reach()) {
            pair.client.channel.pipeline().remove(pair.client.handler);
            pair.pass(60_000);
            assertThat(pair.client.channel.isOpen()).isTrue();
            assertThat(pair.client.outcome()).isNull();
        }
    }

    // Where the application calls from

    enum CallSite { CHANNEL_READ, HANDSHAKE_EVENT, PEER_CLOSE_EVENT, OUTCOME_EVENT, WRITE_LISTENER }

    static List<Object[]> callSites() {
        List<Object[]> rows = new ArrayList<>();
        for (CallSite site : CallSite.values()) {
            for (Interference call : Interference.values()) {
                rows.add(new Object[] {site, call});
            }
        }
        return rows;
    }

    @ParameterizedTest
    @MethodSource("callSites")
    void the_application_may_call_from_anywhere(CallSite site, Interference call) {
        try (EmbeddedDtlsPair pair = new EmbeddedDtlsPair()) {
            Side side = pair.client;
            int[] handshakes = new int[1];
            side.channel.pipeline().addAfter(side.channel.pipeline().context(side.handler).name(), null,
                    new ChannelInboundHandlerAdapter() {
                        private boolean called;

                        private void reached(CallSite here) {
                            if (here == site && !called) {
                                called = true;
                                call.done.accept(side);
                            }
                        }

                        @Override
                        public void channelRead(ChannelHandlerContext context, Object message) {
                            reached(CallSite.CHANNEL_READ);
                            context.fireChannelRead(message);
                        }

                        @Override
                        public void userEventTriggered(ChannelHandlerContext context, Object event) {
                            if (event instanceof SslHandshakeCompletionEvent) {
                                handshakes[0]++;
                                reached(CallSite.HANDSHAKE_EVENT);
                            } else if (event instanceof PeerCloseNotifyEvent) {
                                reached(CallSite.PEER_CLOSE_EVENT);
                            } else if (event instanceof ShutdownOutcome) {
                                reached(CallSite.OUTCOME_EVENT);
                            }
                            context.fireUserEventTriggered(event);
                        }
                    });
            // Both wait for the handshake.
            ChannelFuture first = side.channel.writeAndFlush(side.message("first"));
            if (site == CallSite.WRITE_LISTENER) {
                first.addListener(written -> call.done.accept(side));
            }
            ChannelFuture second = side.channel.writeAndFlush(side.message("second"));
            pair.exchange();
            pair.server.channel.writeAndFlush(pair.server.message("data"));
            EmbeddedDtlsPair.carry(pair.server, side);
            pair.server.handler.shutdown();
            for (int passed = 0; passed < 10_000; passed += 100) {
                EmbeddedDtlsPair.carry(side, pair.server);
                EmbeddedDtlsPair.carry(pair.server, side);
                pair.pass(100);
            }
            assertThat(first.isDone()).isTrue();
            assertThat(second.isDone()).isTrue();
            assertThat(second.cause() instanceof NullPointerException).isFalse();
            assertThat(handshakes[0]).isOne();
            assertThat(side.exceptions).isEmpty();
            if (call != Interference.REMOVAL) {
                assertThat(side.outcome()).isNotNull();
                assertThat(side.channel.isOpen()).isFalse();
            }
            assertThat(side.channel.hasPendingTasks()).isFalse();
        }
    }
}

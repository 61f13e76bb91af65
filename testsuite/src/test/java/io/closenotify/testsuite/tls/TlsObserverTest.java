package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.RecordedShutdowns;
import io.closenotify.testsuite.ShutdownMeters;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakAndLogCheck.class)
class TlsObserverTest {

    private static final TlsSetup SETUP = new TlsSetup(SslProvider.JDK, "TLSv1.3");
    private static final Duration LONGER_THAN_ANYTHING = Duration.ofMinutes(1);

    private final ShutdownMeters meters = new ShutdownMeters("tls");

    private EmbeddedTlsPair pair(ShutdownPolicy policy) {
        return new EmbeddedTlsPair(SETUP.handler(true), SETUP.handler(false),
                TlsShutdownHandler.builder().policy(policy).observer(meters.observer()).build(), new Recorder());
    }

    @Test
    void a_shutdown_is_in_progress_until_its_outcome_and_lingers_until_the_peers_fin() {
        try (EmbeddedTlsPair pair = pair(ShutdownPolicy.bidirectional())) {
            assertThat(meters.shuttingDown()).isZero();
            pair.shutDownUnheard();
            assertThat(meters.shuttingDown()).isEqualTo(1);
            assertThat(meters.lingering()).isZero();
            pair.peerSendsCloseNotify();
            pair.exchange();
            assertThat(meters.shuttingDown()).isZero();
            assertThat(meters.lingering()).isEqualTo(1);
            pair.peerEndsTransport();
            assertThat(meters.lingering()).isZero();
            assertThat(meters.outcomes("bidirectional", "clean")).isOne();
        }
    }

    @Test
    void a_fast_shutdown_is_in_progress_while_it_lingers() {
        try (EmbeddedTlsPair pair = pair(ShutdownPolicy.fast())) {
            pair.shutDownUnheard();
            assertThat(meters.shuttingDown()).isEqualTo(1);
            assertThat(meters.lingering()).isEqualTo(1);
            pair.advance(LONGER_THAN_ANYTHING);
            assertThat(meters.shuttingDown()).isZero();
            assertThat(meters.lingering()).isZero();
            assertThat(meters.outcomes("fast", "unidirectional")).isOne();
        }
    }

    static Stream<Arguments> endings() {
        return Stream.of(
                ending("a clean one", pair -> {
                    pair.handler.shutdown();
                    pair.exchange();
                    pair.peerEndsTransport();
                }),
                ending("the peer's", pair -> {
                    pair.peerSendsCloseNotify();
                    pair.exchange();
                    pair.peerEndsTransport();
                }),
                ending("silence", EmbeddedTlsPair::shutDownUnheard),
                ending("quiet", pair -> pair.handler.shutdown(ShutdownPolicy.quiet())),
                ending("strengthened in its linger", pair -> {
                    pair.handler.shutdown(ShutdownPolicy.fast());
                    pair.takeFromUs().release();
                    pair.handler.shutdown(ShutdownPolicy.bidirectional());
                }),
                ending("truncated", EmbeddedTlsPair::peerEndsTransport),
                ending("reset", EmbeddedTlsPair::peerResetsTransport),
                ending("reset in the shutdown", pair -> {
                    pair.shutDownUnheard();
                    pair.peerResetsTransport();
                }),
                ending("a bad record", pair -> {
                    pair.peerSendsFatalAlert();
                    pair.exchange();
                }),
                ending("aborted", pair -> pair.handler.abort()),
                ending("aborted in the shutdown", pair -> {
                    pair.shutDownUnheard();
                    pair.handler.abort();
                }),
                ending("aborted in the linger", pair -> {
                    pair.handler.shutdown();
                    pair.exchange();
                    pair.handler.abort();
                }),
                ending("removed in the shutdown", pair -> {
                    pair.shutDownUnheard();
                    pair.ours.pipeline().remove(pair.handler);
                }),
                ending("removed in the linger", pair -> {
                    pair.handler.shutdown();
                    pair.exchange();
                    pair.ours.pipeline().remove(pair.handler);
                }));
    }

    private static Arguments ending(String name, Consumer<EmbeddedTlsPair> ending) {
        return Arguments.of(name, ending);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("endings")
    void gauges_come_back_to_zero_and_one_outcome_is_told(String name, Consumer<EmbeddedTlsPair> ending) {
        try (EmbeddedTlsPair pair = pair(ShutdownPolicy.bidirectional())) {
            ending.accept(pair);
            pair.advance(LONGER_THAN_ANYTHING);
            assertThat(meters.shuttingDown()).isZero();
            assertThat(meters.lingering()).isZero();
            assertThat(meters.outcomes()).isOne();
        }
    }

    @Test
    void who_is_removed_while_the_application_has_the_word_has_begun_nothing() {
        ShutdownPolicy defer = ShutdownPolicy.bidirectional().toBuilder()
                .onPeerCloseNotify(PeerClosePolicy.DEFER).build();
        EmbeddedTlsPair pair = pair(defer);
        pair.peerSendsCloseNotify();
        pair.exchange();
        assertThat(meters.shuttingDown()).isZero();
        pair.ours.pipeline().remove(pair.handler);
        pair.finish();
        assertThat(meters.shuttingDown()).isZero();
        assertThat(meters.outcomes()).isZero();
    }

    @Test
    void a_failed_handshake_is_forced() {
        TlsShutdownHandler handler = TlsShutdownHandler.builder().observer(meters.observer()).build();
        EmbeddedChannel channel = new EmbeddedChannel(SETUP.handler(false), handler, new Recorder());
        channel.writeInbound(Unpooled.copiedBuffer("GET / HTTP/1.1\r\n\r\n", StandardCharsets.US_ASCII));
        channel.runPendingTasks();
        assertThat(meters.outcomes("bidirectional", "aborted")).isOne();
        assertThat(meters.counted("closenotify.forced")).isEqualTo(1);
        assertThat(meters.shuttingDown()).isZero();
        channel.finishAndReleaseAll();
    }

    @Test
    void a_truncation_is_counted() {
        try (EmbeddedTlsPair pair = pair(ShutdownPolicy.bidirectional())) {
            pair.peerEndsTransport();
            assertThat(meters.counted("closenotify.truncated")).isEqualTo(1);
        }
    }

    @ParameterizedTest(name = "with its linger: {0}")
    @ValueSource(booleans = {true, false})
    void the_end_of_the_event_loop_ends_what_it_leaves_behind(boolean lingers) throws Exception {
        ShutdownPolicy policy = lingers ? ShutdownPolicy.fast() : ShutdownPolicy.bidirectional();
        TlsShutdownHandler handler = TlsShutdownHandler.builder()
                .policy(policy.toBuilder().linger(LONGER_THAN_ANYTHING).build()).observer(meters.observer()).build();
        EventLoopGroup ours = new NioEventLoopGroup(1);
        EventLoopGroup theirs = new NioEventLoopGroup(1);
        try {
            Channel server = new ServerBootstrap().group(theirs).channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(SETUP.handler(false));
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sync().channel();
            SslHandler ssl = SETUP.handler(true);
            Channel client = new Bootstrap().group(ours).channel(NioSocketChannel.class)
                    .handler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(ssl, handler, new Recorder());
                        }
                    })
                    .connect(server.localAddress()).sync().channel();
            Waits.done(ssl.handshakeFuture());
            // Nobody reads at the other end any more.
            theirs.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            Waits.done(client.eventLoop().submit(() -> { }));
            ShutdownFuture future = handler.shutdown();
            Waits.done(ours.shutdownGracefully(0, 0, TimeUnit.SECONDS));
            assertThat(future.isDone()).isTrue();
            assertThat(meters.outcomes()).isOne();
            assertThat(meters.shuttingDown()).isZero();
            assertThat(meters.lingering()).isZero();
        } finally {
            Waits.done(theirs.shutdownGracefully(0, 0, TimeUnit.SECONDS));
            Waits.done(ours.shutdownGracefully(0, 0, TimeUnit.SECONDS));
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_flight_recorder_has_one_event_a_shutdown(TlsSetup setup) throws Exception {
        try (RecordedShutdowns recorded = new RecordedShutdowns()) {
            String address;
            ShutdownOutcome outcome;
            try (SocketPair pair = SocketPair.open(SocketPair.Transport.NIO, setup, setup, true,
                    ShutdownPolicy.fast(), new Recorder())) {
                address = NetUtil.toSocketAddressString((InetSocketAddress) pair.ours.remoteAddress());
                outcome = Waits.done(pair.handler.shutdown()).outcome();
            }
            assertThat(recorded.events()).singleElement().satisfies(event -> {
                assertThat(event.getString("protocol")).isEqualTo("tls");
                assertThat(event.getString("peer")).isEqualTo(address);
                assertThat(event.getString("mode")).isEqualTo("fast");
                assertThat(event.getString("result")).isEqualToIgnoringCase(outcome.result().name());
                assertThat(event.getBoolean("closeNotifySent")).isTrue();
                assertThat(event.getDuration("elapsed")).isEqualTo(outcome.elapsed());
            });
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_flight_recorder_knows_the_peer_of_a_connection_that_was_reset(TlsSetup setup) throws Exception {
        try (RecordedShutdowns recorded = new RecordedShutdowns()) {
            Recorder application = new Recorder();
            try (SocketPair pair = SocketPair.open(SocketPair.Transport.NIO, setup, setup, true,
                    ShutdownPolicy.bidirectional(), application)) {
                pair.peer.config().setOption(ChannelOption.SO_LINGER, 0);
                pair.peer.eventLoop().submit(() -> pair.peer.unsafe().close(pair.peer.voidPromise()));
                assertThat(application.outcome().result()).isEqualTo(ShutdownResult.RESET);
            }
            assertThat(recorded.events()).singleElement().satisfies(event -> {
                assertThat(event.getString("peer")).startsWith("127.0.0.1:");
                assertThat(event.getString("result")).isEqualTo("reset");
            });
        }
    }

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }
}

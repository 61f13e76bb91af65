package io.closenotify.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalServerChannel;
import io.netty.handler.ssl.OptionalSslHandler;
import io.netty.handler.ssl.SniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TlsShutdownInstallerTest {

    private static SslContext serverContext;
    private static SslContext clientContext;

    private final List<ShutdownOutcome> outcomes = new ArrayList<>();
    private final TlsShutdownInstaller installer = TlsShutdownInstaller.of(TlsShutdownHandler.builder(),
            (channel, outcome) -> outcomes.add(outcome));

    @BeforeAll
    static void makeContexts() throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
        certificate.delete();
        serverContext = SslContextBuilder.forServer(certificate.key(), certificate.cert())
                .sslProvider(SslProvider.JDK).build();
        clientContext = SslContextBuilder.forClient().sslProvider(SslProvider.JDK)
                .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null).build();
    }

    static Stream<Named<ChannelHandler>> handlersThatBringTheSslHandler() {
        return Stream.of(
                Named.of("none: it is there", serverTls()),
                Named.of("SniHandler", new SniHandler(name -> serverContext)),
                Named.of("OptionalSslHandler", new OptionalSslHandler(serverContext)));
    }

    private static SslHandler serverTls() {
        return serverContext.newHandler(ByteBufAllocator.DEFAULT);
    }

    @ParameterizedTest
    @MethodSource("handlersThatBringTheSslHandler")
    void a_connection_is_shut_down_however_late_its_ssl_handler_comes(ChannelHandler tls) {
        EmbeddedChannel client = new EmbeddedChannel(
                clientContext.newHandler(ByteBufAllocator.DEFAULT, "localhost", 1));
        EmbeddedChannel server = new EmbeddedChannel(installer, tls, new ChannelInboundHandlerAdapter());
        exchange(client, server);
        assertThat(types(server)).containsSubsequence(SslHandler.class, TlsShutdownHandler.class)
                .doesNotContain(TlsShutdownInstaller.class);
        assertThat(types(server).indexOf(TlsShutdownHandler.class))
                .isEqualTo(types(server).indexOf(SslHandler.class) + 1);

        server.pipeline().close();
        client.pipeline().get(SslHandler.class).closeOutbound();
        exchange(client, server);
        assertThat(outcomes).extracting(ShutdownOutcome::result).containsExactly(ShutdownResult.CLEAN);
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }

    @Test
    void an_ssl_handler_that_is_there_is_joined_at_once() {
        EmbeddedChannel channel = new EmbeddedChannel(serverTls());
        installer.addTo(channel);
        assertThat(types(channel)).startsWith(SslHandler.class, TlsShutdownHandler.class)
                .doesNotContain(TlsShutdownInstaller.class);
        channel.finishAndReleaseAll();
    }

    @Test
    void an_ssl_handler_that_has_its_shutdown_handler_gets_no_other() {
        TlsShutdownHandler own = TlsShutdownHandler.builder().build();
        EmbeddedChannel channel = new EmbeddedChannel(serverTls(), own);
        installer.addTo(channel);
        assertThat(types(channel)).containsOnlyOnce(TlsShutdownHandler.class)
                .doesNotContain(TlsShutdownInstaller.class);
        assertThat(channel.pipeline().get(TlsShutdownHandler.class)).isSameAs(own);
        own.abort();
        assertThat(outcomes).hasSize(1);
        channel.finishAndReleaseAll();
    }

    @Test
    void an_ssl_handler_that_comes_later_is_joined_before_the_next_read_reaches_it() {
        EmbeddedChannel channel = new EmbeddedChannel(installer);
        channel.pipeline().addLast(serverTls());
        assertThat(types(channel)).startsWith(TlsShutdownInstaller.class, SslHandler.class);
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {22, 3, 1}));
        assertThat(types(channel)).startsWith(SslHandler.class, TlsShutdownHandler.class)
                .doesNotContain(TlsShutdownInstaller.class);
        channel.finishAndReleaseAll();
    }

    @Test
    void without_an_ssl_handler_everything_passes() {
        EmbeddedChannel channel = new EmbeddedChannel(installer);
        ByteBuf data = Unpooled.wrappedBuffer(new byte[] {1, 2, 3});
        assertThat(channel.writeInbound(data)).isTrue();
        assertThat(channel.<ByteBuf>readInbound()).isSameAs(data);
        data.release();
        assertThat(types(channel)).startsWith(TlsShutdownInstaller.class);
        assertThat(channel.finish()).isFalse();
        assertThat(outcomes).isEmpty();
    }

    @Test
    void a_connection_closed_before_the_first_byte_ends_as_ever() {
        EmbeddedChannel channel = new EmbeddedChannel(installer);
        channel.pipeline().addLast(serverTls());
        assertThat(channel.close().isSuccess()).isTrue();
        channel.checkException();
        assertThat(outcomes).isEmpty();
        channel.finishAndReleaseAll();
    }

    @Test
    void of_tls_in_tls_an_installer_serves_the_first_ssl_handler_behind_it() {
        SslHandler outer = serverTls();
        SslHandler inner = serverTls();
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline().addLast("outer", outer).addLast("inner", inner);
        installer.addTo(channel);
        assertThat(types(channel)).startsWith(SslHandler.class, TlsShutdownHandler.class);
        assertThat(channel.pipeline().names().indexOf("inner")).isEqualTo(3);

        channel.pipeline().addBefore("inner", null, installer);
        assertThat(types(channel).get(4)).isEqualTo(TlsShutdownHandler.class);
        assertThat(types(channel)).doesNotContain(TlsShutdownInstaller.class);
        channel.finishAndReleaseAll();
    }

    @Test
    void an_installer_behind_the_only_ssl_handler_waits_for_another_one() {
        EmbeddedChannel channel = new EmbeddedChannel(serverTls());
        channel.pipeline().addLast(installer);
        assertThat(types(channel)).contains(TlsShutdownInstaller.class).doesNotContain(TlsShutdownHandler.class);
        channel.finishAndReleaseAll();
    }

    @Test
    void a_server_channel_passes_it_on_to_every_connection() throws Exception {
        EventLoopGroup loop = new DefaultEventLoopGroup(1);
        try {
            BlockingQueue<Channel> accepted = new LinkedBlockingQueue<>();
            Channel server = new ServerBootstrap().group(loop)
                    .channelFactory(() -> installer.addTo(new LocalServerChannel()))
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
                            accepted.add(channel);
                        }
                    })
                    .bind(LocalAddress.ANY).sync().channel();
            for (int i = 0; i < 2; i++) {
                new Bootstrap().group(loop).channel(LocalChannel.class).handler(new ChannelInboundHandlerAdapter())
                        .connect(server.localAddress()).sync();
                Channel connection = accepted.poll(10, TimeUnit.SECONDS);
                assertThat(connection).isNotNull();
                assertThat(connection.pipeline().first()).isSameAs(installer);
            }
            assertThat(server.pipeline().first()).isSameAs(installer);
        } finally {
            loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void what_is_changed_in_the_builder_afterwards_does_not_count() {
        TlsShutdownHandlerBuilder builder = TlsShutdownHandler.builder().policy(ShutdownPolicy.fast());
        TlsShutdownInstaller ofFast = TlsShutdownInstaller.of(builder);
        builder.policy(ShutdownPolicy.quiet());
        EmbeddedChannel channel = ofFast.addTo(new EmbeddedChannel(serverTls()));
        assertThat(channel.pipeline().get(TlsShutdownHandler.class).policy()).isEqualTo(ShutdownPolicy.fast());
        channel.finishAndReleaseAll();
    }

    @Test
    void null_is_refused() {
        TlsShutdownHandlerBuilder builder = TlsShutdownHandler.builder();
        assertThatThrownBy(() -> TlsShutdownInstaller.of(null)).isInstanceOf(NullPointerException.class)
                .hasMessage("builder");
        assertThatThrownBy(() -> TlsShutdownInstaller.of(builder, null)).isInstanceOf(NullPointerException.class)
                .hasMessage("outcomes");
    }

    private static List<Class<?>> types(Channel channel) {
        List<Class<?>> types = new ArrayList<>();
        channel.pipeline().forEach(entry -> types.add(entry.getValue().getClass()));
        return types;
    }

    private static void exchange(EmbeddedChannel client, EmbeddedChannel server) {
        boolean moved;
        do {
            moved = move(client, server);
            moved |= move(server, client);
        } while (moved);
    }

    private static boolean move(EmbeddedChannel from, EmbeddedChannel to) {
        from.runPendingTasks();
        boolean moved = false;
        for (ByteBuf next = from.readOutbound(); next != null; next = from.readOutbound()) {
            moved |= next.isReadable();
            to.writeInbound(next);
            to.runPendingTasks();
        }
        return moved;
    }
}

package io.closenotify.dtls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownException;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultEventExecutorGroup;
import io.netty.util.concurrent.EventExecutorGroup;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Children with the handlers that they have in earnest, whatever becomes of server and clients. */
@Timeout(30)
class DtlsServerLifeTest {

    private static final byte[] PING = "ping".getBytes(UTF_8);
    private static final Duration LONG = Duration.ofSeconds(60);

    private final SSLContext context = DtlsContexts.withoutTickets();
    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private final EventLoopGroup children = new NioEventLoopGroup(2);
    private final EventExecutorGroup applications = new DefaultEventExecutorGroup(1);
    private final BlockingQueue<Child> accepted = new LinkedBlockingQueue<>();

    @AfterEach
    void stop() {
        TestServer.done(children.shutdownGracefully(0, 10, TimeUnit.SECONDS));
        TestServer.done(group.shutdownGracefully(0, 10, TimeUnit.SECONDS));
        TestServer.done(applications.shutdownGracefully(0, 10, TimeUnit.SECONDS));
    }

    /** The application of a child, which sends back what it reads. */
    private class Child extends ChannelInboundHandlerAdapter {

        final BlockingQueue<String> events = new LinkedBlockingQueue<>();
        final BlockingQueue<ShutdownOutcome> outcomes = new LinkedBlockingQueue<>();
        Channel channel;
        DtlsHandler handler;

        ShutdownOutcome onlyOutcome() throws InterruptedException {
            ShutdownOutcome outcome = TestServer.next(outcomes);
            assertThat(outcomes).isEmpty();
            // To be asked again.
            outcomes.add(outcome);
            return outcome;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext added) {
            channel = added.channel();
            handler = added.pipeline().get(DtlsHandler.class);
            accepted.add(this);
        }

        @Override
        public void channelRead(ChannelHandlerContext own, Object message) {
            events.add("read");
            own.writeAndFlush(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext own, Object event) {
            events.add(event.getClass().getSimpleName());
            if (event instanceof ShutdownOutcome outcome) {
                outcomes.add(outcome);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext own) {
            events.add("inactive");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
            events.add(cause.toString());
        }
    }

    private DtlsHandlerBuilder handlers(ShutdownPolicy.Builder policy) {
        return DtlsHandler.builder(context).retransmitTimeout(Duration.ofMillis(100))
                .handshakeTimeout(LONG).policy(policy.build());
    }

    private ServerBootstrap bootstrap(Consumer<Channel> initializer) {
        return new ServerBootstrap().group(group, children).childHandler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel child) {
                initializer.accept(child);
            }
        });
    }

    private ServerBootstrap bootstrap() {
        return bootstrap(child -> child.pipeline().addLast(new Child()));
    }

    private DtlsServerChannel bind(ShutdownPolicy.Builder policy) {
        return bind(policy, child -> child.pipeline().addLast(new Child()));
    }

    private DtlsServerChannel bind(ShutdownPolicy.Builder policy, Consumer<Channel> initializer) {
        return (DtlsServerChannel) bootstrap(initializer)
                .channelFactory(DtlsServerChannel.builder(handlers(policy)).build())
                .bind(NetUtil.LOCALHOST4, 0).syncUninterruptibly().channel();
    }

    private static ShutdownPolicy.Builder awaiting() {
        return ShutdownPolicy.bidirectional().toBuilder().peerTimeout(LONG).linger(LONG);
    }

    private static ShutdownPolicy.Builder lingering() {
        return ShutdownPolicy.fast().toBuilder().linger(LONG);
    }

    private ClientByHand client(DtlsServerChannel server) throws Exception {
        return new ClientByHand(context, (InetSocketAddress) server.localAddress());
    }

    /** A new association of a client, old or new, that talks. */
    private Child established(ClientByHand client) throws Exception {
        client.restart();
        client.handshake();
        assertThat(client.ask(PING)).isEqualTo(PING);
        return TestServer.next(accepted);
    }

    // Restart

    @Test
    void a_restart_resets_the_old_child() throws Exception {
        DtlsServerChannel server = bind(awaiting());
        try (ClientByHand client = client(server)) {
            Child old = established(client);
            established(client);

            TestServer.done(old.channel.closeFuture());
            assertThat(old.onlyOutcome().result()).isEqualTo(ShutdownResult.RESET);
            assertThat(old.onlyOutcome().cause()).hasMessageContaining("new connection from the same address");
        }
    }

    @Test
    void a_restart_ends_the_linger_of_the_old_child() throws Exception {
        DtlsServerChannel server = bind(lingering());
        try (ClientByHand client = client(server)) {
            Child old = established(client);
            ChannelFuture close = old.channel.close();
            TestServer.done(old.handler.shutdown());
            established(client);

            assertThat(TestServer.done(close).isSuccess()).isTrue();
            assertThat(old.onlyOutcome().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
        }
    }

    @Test
    void a_restart_ends_the_wait_for_the_old_close_notify() throws Exception {
        DtlsServerChannel server = bind(awaiting());
        try (ClientByHand client = client(server)) {
            Child old = established(client);
            ChannelFuture close = old.channel.close();
            client.receive();
            established(client);

            assertThat(TestServer.done(close).cause()).isInstanceOf(ShutdownException.class);
            assertThat(old.onlyOutcome().result()).isEqualTo(ShutdownResult.RESET);
        }
    }

    @Test
    void a_client_comes_back_from_its_port_while_its_last_child_lingers() throws Exception {
        DtlsServerChannel server = bind(lingering());
        try (ClientByHand client = client(server)) {
            for (int i = 0; i < 5; i++) {
                Child child = established(client);
                client.send(client.engine().closeNotify());
                assertThat(TestServer.next(child.outcomes).result()).isEqualTo(ShutdownResult.CLEAN);
                assertThat(child.channel.isOpen()).isTrue();
            }
        }
    }

    // The end of what is around

    @ParameterizedTest
    @ValueSource(strings = {"server", "server loop", "child loops"})
    void every_child_has_one_outcome_whatever_ends_it(String what) throws Exception {
        DtlsServerChannel server = bind(awaiting());
        try (ClientByHand one = client(server); ClientByHand two = client(server);
                ClientByHand three = client(server); ClientByHand four = client(server)) {
            one.send(one.helloWithCookie());
            Child inHandshake = TestServer.next(accepted);
            Child open = established(two);
            Child awaiting = established(three);
            ChannelFuture awaitingClose = awaiting.channel.close();
            three.receive();
            Child lingering = established(four);
            TestServer.done(lingering.handler.shutdown(lingering().build()));
            ChannelFuture lingeringClose = lingering.channel.close();

            switch (what) {
                case "server" -> TestServer.done(server.close());
                case "server loop" -> TestServer.done(group.shutdownGracefully(0, 10, TimeUnit.SECONDS));
                default -> TestServer.done(children.shutdownGracefully(0, 10, TimeUnit.SECONDS));
            }

            for (Child child : List.of(inHandshake, open, awaiting, lingering)) {
                TestServer.done(child.channel.closeFuture());
                assertThat(TestServer.done(child.handler.handshakeFuture()).isSuccess())
                        .isEqualTo(child != inHandshake);
            }
            assertThat(TestServer.done(lingeringClose).isSuccess()).isTrue();
            assertThat(TestServer.done(awaitingClose).cause()).isInstanceOf(ShutdownException.class);
            assertThat(lingering.onlyOutcome().result()).isEqualTo(ShutdownResult.UNIDIRECTIONAL);
            for (Child child : List.of(inHandshake, open, awaiting)) {
                assertThat(child.onlyOutcome().result()).isEqualTo(ShutdownResult.ABORTED);
            }
        }
    }

    @Test
    void a_child_whose_server_closes_while_it_is_registered_closes() throws Exception {
        AtomicReference<DtlsServerChannel> closing = new AtomicReference<>();
        EventLoopGroup closer = new DefaultEventLoopGroup(1) {
            @Override
            protected EventLoop newChild(Executor executor, Object... args) {
                return new DefaultEventLoop(this, executor) {
                    @Override
                    public void execute(Runnable task) {
                        DtlsServerChannel server = inEventLoop() ? closing.getAndSet(null) : null;
                        if (server != null) {
                            TestServer.done(server.close());
                        }
                        super.execute(task);
                    }
                };
            }
        };
        DtlsServerChannel server = (DtlsServerChannel) new ServerBootstrap().group(group, closer)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        child.pipeline().addLast(new Child());
                    }
                })
                .channelFactory(DtlsServerChannel.builder(handlers(awaiting())).build())
                .bind(NetUtil.LOCALHOST4, 0).syncUninterruptibly().channel();
        closing.set(server);
        try (ClientByHand client = client(server)) {
            client.send(client.helloWithCookie());
            Child child = TestServer.next(accepted);
            TestServer.done(child.channel.closeFuture());
            assertThat(TestServer.done(child.handler.handshakeFuture()).isSuccess()).isFalse();
        } finally {
            TestServer.done(closer.shutdownGracefully(0, 10, TimeUnit.SECONDS));
        }
    }

    @Test
    void handshakes_that_nobody_completes_are_capped_and_disturb_nobody() throws Exception {
        DtlsServerChannel server = (DtlsServerChannel) bootstrap()
                .channelFactory(DtlsServerChannel
                        .builder(handlers(awaiting()).handshakeTimeout(Duration.ofSeconds(1)))
                        .maxPendingHandshakes(10).build())
                .bind(NetUtil.LOCALHOST4, 0).syncUninterruptibly().channel();
        List<ClientByHand> flood = new ArrayList<>();
        try (ClientByHand client = client(server)) {
            Child child = established(client);
            for (int i = 0; i < 10; i++) {
                ClientByHand one = client(server);
                flood.add(one);
                one.send(one.helloWithCookie());
                TestServer.next(accepted);
            }
            for (int i = 0; i < 30; i++) {
                // One with the address of the established client.
                byte[] hello = EngineByHand.client(context).wrap();
                client.send(hello);
                flood.get(0).send(hello);
            }
            assertThat(client.ask(PING)).isEqualTo(PING);
            assertThat(accepted).isEmpty();

            assertThat(TestServer.done(server.eventLoop().submit(server::children)).getNow()).isLessThanOrEqualTo(11);
            while (TestServer.done(server.eventLoop().submit(server::children)).getNow() > 1) {
                assertThat(client.ask(PING)).isEqualTo(PING);
            }
            assertThat(child.channel.isOpen()).isTrue();
            // A place is free again.
            try (ClientByHand another = client(server)) {
                established(another);
            }
        } finally {
            flood.forEach(ClientByHand::close);
        }
    }

    // Applications

    @ParameterizedTest
    @ValueSource(strings = {"init", "init throws", "registered", "active"})
    void a_child_that_its_application_closes_in_the_handshake_has_an_outcome(String where) throws Exception {
        DtlsServerChannel server = bind(lingering(), child -> {
            child.pipeline().addLast(new Child() {
                @Override
                public void channelRegistered(ChannelHandlerContext own) {
                    if (where.equals("registered")) {
                        own.close();
                    }
                }

                @Override
                public void channelActive(ChannelHandlerContext own) {
                    if (where.equals("active")) {
                        own.close();
                    }
                }
            });
            if (where.equals("init")) {
                child.close();
            } else if (where.equals("init throws")) {
                throw new IllegalStateException(where);
            }
        });
        try (ClientByHand client = client(server)) {
            client.send(client.helloWithCookie());
            Child child = TestServer.next(accepted);
            TestServer.done(child.channel.closeFuture());
            assertThat(TestServer.done(child.handler.handshakeFuture()).isSuccess()).isFalse();
            assertThat(child.onlyOutcome().result()).isEqualTo(ShutdownResult.ABORTED);
            assertThat(child.onlyOutcome().bytesNotFlushed()).isZero();
        }
    }

    @Test
    void exceptions_of_an_application_keep_nothing_from_its_end() throws Exception {
        DtlsServerChannel server = bind(lingering().linger(Duration.ofMillis(50)), child ->
                child.pipeline().addLast(new Child() {
                    @Override
                    public void channelRegistered(ChannelHandlerContext own) {
                        throw new IllegalStateException("registered");
                    }

                    @Override
                    public void channelActive(ChannelHandlerContext own) {
                        throw new IllegalStateException("active");
                    }

                    @Override
                    public void channelRead(ChannelHandlerContext own, Object message) {
                        super.channelRead(own, message);
                        throw new IllegalStateException("read");
                    }

                    @Override
                    public void channelReadComplete(ChannelHandlerContext own) {
                        throw new IllegalStateException("complete");
                    }

                    @Override
                    public void userEventTriggered(ChannelHandlerContext own, Object event) {
                        super.userEventTriggered(own, event);
                        throw new IllegalStateException("event");
                    }

                    @Override
                    public void channelInactive(ChannelHandlerContext own) {
                        throw new IllegalStateException("inactive");
                    }
                }));
        try (ClientByHand client = client(server)) {
            Child child = established(client);
            client.send(client.engine().closeNotify());
            TestServer.done(child.channel.closeFuture());
            assertThat(child.onlyOutcome().result()).isEqualTo(ShutdownResult.CLEAN);
        }
    }

    @Test
    void an_application_on_an_executor_of_its_own_hears_all_in_order() throws Exception {
        DtlsServerChannel server = bind(lingering().linger(Duration.ofMillis(50)),
                child -> child.pipeline().addLast(applications, new Child()));
        try (ClientByHand client = client(server)) {
            Child child = established(client);
            for (int i = 0; i < 20; i++) {
                client.send(client.engine().wrap(PING));
            }
            client.send(client.engine().closeNotify());
            TestServer.done(child.channel.closeFuture());
            // What closes tells of it in a task of its own.
            TestServer.done(child.channel.eventLoop().submit(() -> { }));
            TestServer.done(child.channel.eventLoop().submit(() -> { }));
            for (var executor : applications) {
                TestServer.done(executor.submit(() -> { }));
            }
            assertThat(String.join(" ", child.events)).matches("SslHandshakeCompletionEvent (read )+"
                    + "SslCloseCompletionEvent PeerCloseNotifyEvent ShutdownOutcome inactive");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void auto_read_off_keeps_neither_the_handshake_nor_the_end_nor_writes_up(boolean whenActive) throws Exception {
        DtlsServerChannel server = bind(lingering().linger(Duration.ofMillis(50)), child -> {
            child.config().setAutoRead(whenActive);
            child.pipeline().addLast(new Child() {
                @Override
                public void channelActive(ChannelHandlerContext own) {
                    own.channel().config().setAutoRead(false);
                }
            });
        });
        try (ClientByHand client = client(server)) {
            client.handshake();
            Child child = TestServer.next(accepted);
            assertThat(TestServer.done(child.handler.handshakeFuture()).isSuccess()).isTrue();
            List<ChannelFuture> writes = new ArrayList<>();
            for (int i = 0; i < 10_000; i++) {
                writes.add(child.channel.write(Unpooled.copiedBuffer(PING)));
            }
            child.channel.flush();
            ChannelFuture close = child.channel.close();
            for (ChannelFuture write : writes) {
                assertThat(TestServer.done(write).isSuccess()).isTrue();
            }
            assertThat(TestServer.done(close).isSuccess()).isTrue();
        }
    }
}

package io.closenotify.dtls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultEventLoopGroup;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class DtlsServerChannelTest {

    private static final byte[] PING = "ping".getBytes(UTF_8);

    private static final byte[] APPLICATION_DATA = {23, (byte) 0xfe, (byte) 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0};

    private static TestServer passThrough(ChannelHandler application) {
        return new TestServer(0, false, options -> { }, () -> application);
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }
    }

    /** Keeps what a child reads, and counts batches. */
    private static final class Reader extends ChannelInboundHandlerAdapter {

        final BlockingQueue<String> events = new LinkedBlockingQueue<>();

        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf datagram = (ByteBuf) message;
            byte last = datagram.getByte(datagram.readableBytes() - 1);
            events.add(datagram.getByte(0) == 22 ? "hello" : Byte.toString(last));
            datagram.release();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            events.add("complete");
            context.fireChannelReadComplete();
        }
    }

    // Handshakes

    @ParameterizedTest
    @CsvSource({"0, false", "2, false", "0, true", "2, true"})
    void clients_shake_hands_and_talk_on_either_configuration_of_event_loops(int childThreads, boolean ownCookies)
            throws Exception {
        try (TestServer server = new TestServer(childThreads, true,
                options -> {
                    if (ownCookies) {
                        options.ownCookies();
                    }
                }, Echo::new)) {
            for (int i = 0; i < 4; i++) {
                try (ClientByHand client = server.client()) {
                    client.handshake();
                    assertThat(client.ask(PING)).isEqualTo(PING);
                    Channel child = TestServer.next(server.children);
                    assertThat(child.remoteAddress()).isEqualTo(client.address());
                    assertThat(child.localAddress()).isEqualTo(server.address());
                    assertThat(child.parent()).isSameAs(server.channel());
                }
            }
            assertThat(server.count()).isEqualTo(4);
        }
    }

    @Test
    void epoll_serves_as_well() throws Exception {
        assumeThat(Epoll.isAvailable()).isTrue();
        EventLoopGroup group = new EpollEventLoopGroup(1);
        try {
            Channel server = new ServerBootstrap().group(group)
                    .channelFactory(DtlsServerChannel.builder(DtlsHandler.builder(DtlsContexts.context()))
                            .udp(EpollDatagramChannel::new)
                            .handlers(EngineHandler::new).build())
                    .childHandler(new Echo())
                    .bind(NetUtil.LOCALHOST4, 0).syncUninterruptibly().channel();
            try (ClientByHand client =
                    new ClientByHand(DtlsContexts.context(), (InetSocketAddress) server.localAddress())) {
                client.handshake();
                assertThat(client.ask(PING)).isEqualTo(PING);
            }
            TestServer.done(server.close());
        } finally {
            TestServer.done(group.shutdownGracefully(0, 10, TimeUnit.SECONDS));
        }
    }

    // Reception

    @Test
    void hellos_without_cookie_are_answered_and_leave_nothing() throws Exception {
        try (TestServer server = passThrough(new Reader()); ClientByHand client = server.client()) {
            for (int i = 0; i < 20; i++) {
                client.restart();
                byte[] hello = client.engine().wrap();
                client.send(hello);
                assertThat(client.receive().length).isLessThanOrEqualTo(hello.length);
            }
            assertThat(server.count()).isZero();
            assertThat(server.handlers).isEmpty();
        }
    }

    @Test
    void whatever_else_comes_from_an_unknown_address_gets_no_answer() throws Exception {
        SplittableRandom random = new SplittableRandom(1);
        try (TestServer server = passThrough(new Reader()); ClientByHand client = server.client()) {
            byte[] hello = client.engine().wrap();
            List<byte[]> others = new ArrayList<>(List.of(new byte[0], new byte[1], APPLICATION_DATA));
            others.add(Arrays.copyOf(hello, hello.length - 1));
            others.add(changed(hello, 2, 0));
            others.add(changed(hello, 4, 1));
            others.add(changed(hello, 13, 16));
            others.add(changed(hello, 18, 1));
            others.add(changed(hello, 21, 1));
            for (int i = 0; i < 100; i++) {
                byte[] garbage = new byte[random.nextInt(300)];
                random.nextBytes(garbage);
                others.add(garbage);
            }
            for (byte[] other : others) {
                client.send(other);
            }
            assertThat(client.sync()).isEmpty();
            assertThat(server.count()).isZero();
        }
    }

    private static byte[] changed(byte[] bytes, int index, int value) {
        byte[] changed = bytes.clone();
        changed[index] = (byte) value;
        return changed;
    }

    @Test
    void a_right_cookie_from_another_port_makes_no_child() throws Exception {
        try (TestServer server = passThrough(new Reader());
                ClientByHand client = server.client(); ClientByHand thief = server.client()) {
            thief.send(client.helloWithCookie());

            assertThat(thief.receive()[13]).as("HelloVerifyRequest").isEqualTo((byte) 3);
            assertThat(server.count()).isZero();
        }
    }

    @Test
    void a_cookie_on_another_hello_makes_no_child() throws Exception {
        try (TestServer server = passThrough(new Reader()); ClientByHand client = server.client()) {
            byte[] hello = client.helloWithCookie();
            client.send(changed(hello, 40, hello[40] ^ 1));

            assertThat(client.receive()[13]).as("HelloVerifyRequest").isEqualTo((byte) 3);
            assertThat(server.count()).isZero();
        }
    }

    @Test
    void a_repeated_hello_goes_to_the_child_that_it_has_made() throws Exception {
        Reader reader = new Reader();
        try (TestServer server = passThrough(reader); ClientByHand client = server.client()) {
            byte[] hello = client.helloWithCookie();
            client.send(hello);
            assertThat(next(reader)).isEqualTo("hello");
            assertThat(next(reader)).isEqualTo("complete");
            client.send(hello);
            assertThat(next(reader)).isEqualTo("hello");
            assertThat(server.count()).isOne();
        }
    }

    private static String next(Reader reader) throws InterruptedException {
        return TestServer.next(reader.events);
    }

    @Test
    void hellos_beyond_the_rate_get_no_answer_until_time_has_passed() throws Exception {
        AtomicLong clock = new AtomicLong();
        Reader reader = new Reader();
        try (TestServer server = new TestServer(0, false,
                options -> options.clock(clock::get).maxClientHellosPerSecond(100), () -> reader);
                ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            client.restart();
            client.send(client.engine().wrap());
            client.send(APPLICATION_DATA);
            while (!next(reader).equals("0")) {
                assertThat(client.hasNothing()).isTrue();
            }

            clock.addAndGet(Duration.ofMillis(10).toNanos());
            assertThat(client.sync()).isEmpty();
        }
    }

    // Caps

    @Test
    void pending_handshakes_are_capped_and_their_slots_freed() throws Exception {
        try (TestServer server = new TestServer(0, false, options -> options.maxPendingHandshakes(2), Reader::new);
                ClientByHand one = server.client(); ClientByHand two = server.client();
                ClientByHand three = server.client()) {
            byte[] hello = three.helloWithCookie();
            one.send(one.helloWithCookie());
            two.send(two.helloWithCookie());
            EngineHandler first = TestServer.next(server.handlers);
            EngineHandler second = TestServer.next(server.handlers);
            Channel firstChild = TestServer.next(server.children);
            Channel secondChild = TestServer.next(server.children);
            three.send(hello);
            server.settle();
            assertThat(server.handlers).isEmpty();

            second.handshake().setSuccess(secondChild);
            server.settle();
            three.send(hello);
            assertThat(TestServer.next(server.handlers).peer).isEqualTo(three.address());

            first.handshake().setFailure(new IOException("failed"));
            assertThat(TestServer.done(firstChild.closeFuture()).isSuccess()).isTrue();
            assertThat(server.count()).isEqualTo(2);
            one.restart();
            one.send(one.helloWithCookie());
            assertThat(TestServer.next(server.handlers).peer).isEqualTo(one.address());
        }
    }

    @Test
    void a_failed_handshake_frees_its_slot_before_its_child_has_closed() throws Exception {
        try (TestServer server = new TestServer(0, false, options -> options.maxPendingHandshakes(1), Reader::new);
                ClientByHand one = server.client(); ClientByHand two = server.client()) {
            byte[] hello = two.helloWithCookie();
            one.send(one.helloWithCookie());
            Channel child = TestServer.next(server.children);
            ChannelHandler lingering = new ChannelOutboundHandlerAdapter() {
                @Override
                public void close(ChannelHandlerContext context, ChannelPromise promise) {
                    // Not yet.
                }
            };
            TestServer.done(child.eventLoop().submit(() -> child.pipeline().addFirst(lingering)));
            TestServer.next(server.handlers).handshake().setFailure(new IOException("failed"));
            server.settle();
            two.send(hello);

            assertThat(TestServer.next(server.handlers).peer).isEqualTo(two.address());
            assertThat(child.isOpen()).isTrue();
        }
    }

    @Test
    void connections_are_capped_but_one_of_them_may_restart() throws Exception {
        try (TestServer server = new TestServer(0, false, options -> options.maxConnections(1), Reader::new);
                ClientByHand one = server.client(); ClientByHand two = server.client()) {
            byte[] hello = two.helloWithCookie();
            one.send(one.helloWithCookie());
            establish(server);
            two.send(hello);
            server.settle();
            assertThat(server.handlers).isEmpty();

            one.restart();
            one.send(one.helloWithCookie());
            assertThat(TestServer.next(server.handlers).peer).isEqualTo(one.address());
        }
    }

    private static EngineHandler establish(TestServer server) throws Exception {
        Channel child = TestServer.next(server.children);
        EngineHandler handler = TestServer.next(server.handlers);
        handler.handshake().setSuccess(child);
        server.settle();
        return handler;
    }

    @Test
    void nobody_new_is_accepted_once_it_has_stopped_but_the_others_go_on() throws Exception {
        Reader reader = new Reader();
        try (TestServer server = passThrough(reader);
                ClientByHand one = server.client(); ClientByHand two = server.client()) {
            byte[] hello = two.helloWithCookie();
            one.send(one.helloWithCookie());
            assertThat(next(reader)).isEqualTo("hello");
            assertThat(next(reader)).isEqualTo("complete");

            TestServer.done(server.channel().stopAccepting());
            two.send(hello);
            one.send(APPLICATION_DATA);

            assertThat(next(reader)).isEqualTo("0");
            assertThat(server.count()).isOne();
            assertThat(two.hasNothing()).isTrue();
        }
    }

    @Test
    void auto_read_switched_off_accepts_nobody_until_read_is_called() throws Exception {
        Reader reader = new Reader();
        try (TestServer server = passThrough(reader);
                ClientByHand one = server.client(); ClientByHand two = server.client()) {
            byte[] hello = two.helloWithCookie();
            server.channel().config().setAutoRead(false);
            one.send(one.helloWithCookie());
            assertThat(next(reader)).as("a read that was pending").isEqualTo("hello");
            assertThat(next(reader)).isEqualTo("complete");
            two.send(hello);
            one.send(APPLICATION_DATA);
            assertThat(next(reader)).isEqualTo("0");
            assertThat(next(reader)).isEqualTo("complete");
            assertThat(server.count()).isOne();

            server.channel().read();
            server.settle();
            two.send(hello);
            assertThat(next(reader)).isEqualTo("hello");
        }
    }

    // Idle clients

    @Test
    void a_silent_client_is_ended_and_one_that_talks_is_not() throws Exception {
        AtomicLong clock = new AtomicLong();
        CountDownLatch closing = new CountDownLatch(1);
        Reader reader = new Reader();
        try (TestServer server = new TestServer(2, false,
                options -> options.clock(clock::get).idleTimeout(Duration.ofMillis(20)), () -> reader);
                ClientByHand silent = server.client(); ClientByHand talker = server.client()) {
            silent.send(silent.helloWithCookie());
            Channel silentChild = TestServer.next(server.children);
            silentChild.pipeline().addFirst(new ChannelOutboundHandlerAdapter() {
                @Override
                public void close(ChannelHandlerContext context, ChannelPromise promise) {
                    closing.countDown();
                    context.close(promise);
                }
            });
            talker.send(talker.helloWithCookie());
            Channel talkersChild = TestServer.next(server.children);
            clock.addAndGet(Duration.ofMillis(15).toNanos());
            reader.events.clear();
            talker.send(APPLICATION_DATA);
            while (!next(reader).equals("0")) {
                assertThat(talkersChild.isOpen()).isTrue();
            }
            clock.addAndGet(Duration.ofMillis(10).toNanos());

            TestServer.done(silentChild.closeFuture());
            assertThat(closing.getCount()).as("closed through the pipeline").isZero();
            server.settle();
            assertThat(server.count()).isOne();
            assertThat(talkersChild.isOpen()).isTrue();

            clock.addAndGet(Duration.ofMillis(10).toNanos());
            TestServer.done(talkersChild.closeFuture());
        }
    }

    // Restart

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void a_client_that_restarts_takes_the_place_of_its_old_self(int childThreads) throws Exception {
        try (TestServer server = new TestServer(childThreads, true, options -> { }, Echo::new);
                ClientByHand client = server.client()) {
            client.handshake();
            assertThat(client.ask(PING)).isEqualTo(PING);
            EngineHandler old = TestServer.next(server.handlers);
            Channel oldChild = TestServer.next(server.children);

            client.restart();
            client.handshake();
            assertThat(client.ask(PING)).isEqualTo(PING);
            assertThat(old.superseded.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(oldChild.isOpen()).as("its handler's business").isTrue();

            server.settle();
            old.datagrams.clear();
            assertThat(client.ask(PING)).isEqualTo(PING);
            server.settle();
            assertThat(old.datagrams).isEmpty();
            TestServer.done(oldChild.close());
            server.settle();
            assertThat(server.count()).isOne();
            assertThat(client.ask(PING)).isEqualTo(PING);
        }
    }

    @Test
    void a_restart_that_fails_leaves_the_old_association_unharmed() throws Exception {
        try (TestServer server = new TestServer(0, true, options -> { }, Echo::new);
                ClientByHand client = server.client()) {
            client.handshake();
            EngineHandler old = TestServer.next(server.handlers);
            EngineByHand engine = client.engine();

            client.restart();
            client.send(client.helloWithCookie());
            EngineHandler restarted = TestServer.next(server.handlers);
            assertThat(server.count()).isEqualTo(2);
            assertThat(TestServer.next(restarted.datagrams)[0]).isEqualTo((byte) 22);

            assertThat(client.ask(engine, PING)).isEqualTo(PING);
            assertThat(TestServer.next(restarted.datagrams)[0]).as("goes to both").isEqualTo((byte) 23);

            restarted.handshake().setFailure(new IOException("failed"));
            server.settle();
            assertThat(server.count()).isOne();
            assertThat(client.ask(engine, PING)).isEqualTo(PING);
            assertThat(old.superseded.getCount()).isOne();
        }
    }

    @Test
    void a_restart_in_the_middle_of_a_handshake_needs_a_cookie_and_leaves_one_pending_beside_it() throws Exception {
        Reader reader = new Reader();
        try (TestServer server = passThrough(reader); ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            EngineHandler first = TestServer.next(server.handlers);
            Channel firstChild = TestServer.next(server.children);
            assertThat(next(reader)).isEqualTo("hello");
            assertThat(next(reader)).isEqualTo("complete");

            client.restart();
            byte[] second = client.helloWithCookie();
            assertThat(server.count()).as("the forged hello has changed nothing").isOne();
            client.send(second);
            TestServer.next(server.handlers);
            Channel secondChild = TestServer.next(server.children);
            client.restart();
            client.send(client.helloWithCookie());
            EngineHandler third = TestServer.next(server.handlers);
            Channel thirdChild = TestServer.next(server.children);
            TestServer.done(secondChild.closeFuture());
            assertThat(server.count()).isEqualTo(2);

            third.handshake().setSuccess(thirdChild);
            assertThat(first.superseded.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(firstChild.isOpen()).isTrue();
        }
    }

    @Test
    void a_successor_inherits_the_place_of_one_that_has_closed() throws Exception {
        Reader reader = new Reader();
        try (TestServer server = passThrough(reader); ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            Channel old = TestServer.next(server.children);
            client.restart();
            client.send(client.helloWithCookie());
            Channel young = TestServer.next(server.children);
            TestServer.done(old.close());
            server.settle();
            reader.events.clear();

            client.send(APPLICATION_DATA);

            assertThat(next(reader)).isEqualTo("0");
            assertThat(young.isOpen()).isTrue();
            assertThat(server.count()).isOne();
        }
    }

    // Reading

    @Test
    void what_is_not_read_is_kept_up_to_a_cap_and_read_in_order() throws Exception {
        Reader reader = new Reader();
        try (TestServer server = passThrough(reader); ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            Channel child = TestServer.next(server.children);
            assertThat(next(reader)).isEqualTo("hello");
            assertThat(next(reader)).isEqualTo("complete");
            server.settle();
            // One read is pending still.
            child.config().setAutoRead(false);
            client.send(numbered(99));
            assertThat(next(reader)).isEqualTo("99");
            assertThat(next(reader)).isEqualTo("complete");

            for (int i = 0; i < 5; i++) {
                client.send(numbered(i));
            }
            for (int i = 0; i < UnreadDatagrams.MAX_DATAGRAMS; i++) {
                client.send(APPLICATION_DATA);
                if (i % 64 == 0) {
                    client.sync();
                }
            }
            client.sync();
            assertThat(reader.events).isEmpty();
            for (int i = 0; i < 3; i++) {
                child.read();
                assertThat(next(reader)).isEqualTo(Integer.toString(i));
                assertThat(next(reader)).isEqualTo("complete");
            }
            child.config().setAutoRead(true);
            List<String> rest = new ArrayList<>();
            while (rest.size() < UnreadDatagrams.MAX_DATAGRAMS - 3) {
                String event = next(reader);
                if (!event.equals("complete")) {
                    rest.add(event);
                }
            }
            assertThat(rest).startsWith("3", "4", "0").endsWith("0");
            server.settle();
            assertThat(reader.events).containsOnly("complete");
        }
    }

    private static byte[] numbered(int number) {
        return changed(APPLICATION_DATA, APPLICATION_DATA.length - 1, number);
    }

    @Test
    void datagrams_of_one_batch_are_completed_together() throws Exception {
        Reader reader = new Reader();
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        try (TestServer server = new TestServer(0, false, options -> options.udp(() -> {
            NioDatagramChannel udp = new NioDatagramChannel();
            udp.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelReadComplete(ChannelHandlerContext context) {
                    reader.events.add("batch");
                    context.fireChannelReadComplete();
                }
            });
            return udp;
        }), () -> reader); ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            client.sync();
            server.settle();
            reader.events.clear();
            Future<?> held = server.channel().eventLoop().submit(() -> {
                started.countDown();
                return stopped.await(10, TimeUnit.SECONDS);
            });
            assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 5; i++) {
                client.send(numbered(i));
            }
            stopped.countDown();
            TestServer.done(held);
            client.sync();

            assertThat(String.join(" ", reader.events)).matches("(batch( \\d)+ complete ?)+( ?batch)*");
        }
    }

    // Writing

    /** Holds what is written to the socket. */
    private static final class Gate extends ChannelOutboundHandlerAdapter {

        private final Queue<Runnable> held = new ArrayDeque<>();
        private volatile boolean closed;
        private volatile ChannelHandlerContext context;

        @Override
        public void handlerAdded(ChannelHandlerContext added) {
            context = added;
        }

        @Override
        public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
            if (closed) {
                held.add(() -> own.write(message, promise));
            } else {
                own.write(message, promise);
            }
        }

        void open() {
            closed = false;
            held.forEach(Runnable::run);
            held.clear();
            context.flush();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void a_write_is_done_when_the_socket_has_it_and_not_before(int childThreads) throws Exception {
        Gate gate = new Gate();
        CountDownLatch writable = new CountDownLatch(1);
        try (TestServer server = new TestServer(childThreads, false, options -> options.udp(() -> {
            NioDatagramChannel udp = new NioDatagramChannel();
            udp.pipeline().addLast(gate);
            return udp;
        }), () -> new ChannelInboundHandlerAdapter() {
            @Override
            public void channelWritabilityChanged(ChannelHandlerContext context) {
                if (context.channel().isWritable()) {
                    writable.countDown();
                }
            }
        }); ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            Channel child = TestServer.next(server.children);
            child.config().setWriteBufferWaterMark(new WriteBufferWaterMark(1_000, 2_000));
            gate.closed = true;
            List<ChannelFuture> writes = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                writes.add(child.write(Unpooled.buffer().writeZero(100).writeByte(i)));
            }
            child.flush();
            // Neither flushed nor to be sent.
            ChannelFuture unflushed = child.write(Unpooled.buffer().writeByte(0));
            server.settle();
            assertThat(writes).noneMatch(Future::isDone);
            assertThat(child.isWritable()).isFalse();
            assertThat(writes.get(150).cancel(false)).as("it is on its way").isFalse();

            server.channel().eventLoop().execute(gate::open);
            for (ChannelFuture write : writes) {
                assertThat(TestServer.done(write).isSuccess()).isTrue();
            }
            assertThat(writable.await(10, TimeUnit.SECONDS)).isTrue();
            for (int i = 0; i < 200; i++) {
                assertThat(client.receive()[100]).isEqualTo((byte) i);
            }
            assertThat(unflushed.isDone()).isFalse();
            child.flush();
            assertThat(TestServer.done(unflushed).isSuccess()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void a_datagram_that_the_socket_refuses_fails_its_promise_alone(int childThreads) throws Exception {
        try (TestServer server = new TestServer(childThreads, false, options -> { }, Reader::new);
                ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            Channel child = TestServer.next(server.children);

            ChannelFuture before = child.write(Unpooled.copiedBuffer(PING));
            ChannelFuture cancelled = child.write(Unpooled.copiedBuffer(PING));
            server.settle();
            assertThat(cancelled.cancel(false)).isTrue();
            ChannelFuture tooLarge = child.write(Unpooled.buffer().writeZero(65_508));
            ChannelFuture empty = child.write(Unpooled.EMPTY_BUFFER);
            ChannelFuture behind = child.writeAndFlush(Unpooled.copiedBuffer(PING));

            assertThat(TestServer.done(before).isSuccess()).isTrue();
            assertThat(TestServer.done(tooLarge).cause()).isInstanceOf(IOException.class);
            assertThat(TestServer.done(empty).isSuccess()).isTrue();
            assertThat(TestServer.done(behind).isSuccess()).isTrue();
            // An empty message makes no datagram.
            assertThat(client.receive()).isEqualTo(PING);
            assertThat(client.receive()).isEqualTo(PING);
            for (int i = 0; i < 200; i++) {
                child.write(Unpooled.EMPTY_BUFFER);
            }
            assertThat(TestServer.done(child.writeAndFlush(Unpooled.copiedBuffer(PING))).isSuccess()).isTrue();
            assertThat(client.receive()).isEqualTo(PING);
            assertThat(child.isOpen()).isTrue();
            assertThat(server.channel().isOpen()).isTrue();
            assertThat(TestServer.done(child.writeAndFlush("text")).cause())
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    // The end

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void closing_the_server_closes_its_children_and_their_writes_fail(int childThreads) throws Exception {
        Reader reader = new Reader();
        try (TestServer server = new TestServer(childThreads, false, options -> { }, () -> reader);
                ClientByHand client = server.client()) {
            client.send(client.helloWithCookie());
            Channel child = TestServer.next(server.children);
            child.config().setAutoRead(false);
            for (int i = 0; i < 5; i++) {
                client.send(APPLICATION_DATA);
            }
            ChannelFuture unflushed = child.write(Unpooled.copiedBuffer(PING));
            server.settle();

            TestServer.done(server.channel().close());
            TestServer.done(child.closeFuture());
            assertThat(TestServer.done(unflushed).cause()).isInstanceOf(ClosedChannelException.class);
            assertThat(TestServer.done(child.writeAndFlush(Unpooled.copiedBuffer(PING))).cause())
                    .isInstanceOf(ClosedChannelException.class);
            assertThat(server.channel().isActive()).isFalse();
        }
    }

    @Test
    void the_end_of_the_event_loops_closes_all() throws Exception {
        try (TestServer server = new TestServer(2, false, options -> { }, Reader::new);
                ClientByHand one = server.client(); ClientByHand two = server.client()) {
            one.send(one.helloWithCookie());
            two.send(two.helloWithCookie());
            Channel first = TestServer.next(server.children);
            Channel second = TestServer.next(server.children);
            ChannelFuture unflushed = first.write(Unpooled.copiedBuffer(PING));

            TestServer.done(server.childGroup().shutdownGracefully(0, 10, TimeUnit.SECONDS));
            TestServer.done(first.closeFuture());
            TestServer.done(second.closeFuture());
            assertThat(unflushed.cause()).isInstanceOf(ClosedChannelException.class);
            server.settleServer();
            assertThat(server.count()).isZero();

            // Nobody registers this one.
            one.restart();
            one.send(one.helloWithCookie());
            TestServer.next(server.handlers);
            TestServer.next(server.handlers);
            TestServer.next(server.handlers);
            server.settleServer();
            assertThat(server.count()).isZero();
            assertThat(server.channel().isOpen()).isTrue();

            TestServer.done(server.channel().eventLoop().parent().shutdownGracefully(0, 10, TimeUnit.SECONDS));
            TestServer.done(server.channel().closeFuture());
        }
    }

    @Test
    void a_child_that_nobody_registers_goes_when_it_is_idle() throws Exception {
        AtomicLong clock = new AtomicLong();
        try (TestServer server = new TestServer(0, false,
                options -> options.clock(clock::get).idleTimeout(Duration.ofMillis(20)), Reader::new);
                ClientByHand client = server.client()) {
            CountDownLatch ignored = new CountDownLatch(1);
            server.channel().pipeline().addFirst(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    ignored.countDown();
                }
            });
            client.send(client.helloWithCookie());
            assertThat(ignored.await(10, TimeUnit.SECONDS)).isTrue();
            client.send(APPLICATION_DATA);
            client.sync();
            assertThat(server.count()).isOne();

            clock.addAndGet(Duration.ofMillis(20).toNanos());
            while (server.count() > 0) {
                server.settle();
            }
        }
    }

    @Test
    void a_port_in_use_fails_the_bind() throws Exception {
        try (TestServer server = passThrough(new Reader())) {
            ChannelFuture second = new ServerBootstrap().group(server.channel().eventLoop())
                    .channelFactory(DtlsServerChannel.builder(DtlsHandler.builder(DtlsContexts.context())).build())
                    .childHandler(new Reader())
                    .bind(server.address());

            assertThat(TestServer.done(second).cause()).isInstanceOf(IOException.class);
            TestServer.done(second.channel().closeFuture());
        }
    }

    @Test
    void an_event_loop_that_cannot_serve_the_socket_fails_the_registration() throws Exception {
        EventLoopGroup group = new DefaultEventLoopGroup(1);
        NioDatagramChannel udp = new NioDatagramChannel();
        try {
            ChannelFuture bind = new ServerBootstrap().group(group)
                    .channelFactory(DtlsServerChannel.builder(DtlsHandler.builder(DtlsContexts.context()))
                            .udp(() -> udp).build())
                    .childHandler(new Reader())
                    .bind(NetUtil.LOCALHOST4, 0);

            assertThat(TestServer.done(bind).cause()).isInstanceOf(IllegalStateException.class);
            assertThat(udp.isOpen()).isFalse();
        } finally {
            TestServer.done(group.shutdownGracefully(0, 10, TimeUnit.SECONDS));
        }
    }

    // Options

    @Test
    void options_of_the_socket_reach_it() throws Exception {
        try (TestServer server = passThrough(new Reader())) {
            assertThat(server.channel().config().setOption(ChannelOption.SO_REUSEADDR, true)).isTrue();
            assertThat(server.channel().config().setOption(ChannelOption.SO_RCVBUF, 50_000)).isTrue();
            assertThat(server.channel().config().getOption(ChannelOption.SO_REUSEADDR)).isTrue();
            assertThat(server.channel().config().getOption(ChannelOption.SO_RCVBUF)).isGreaterThanOrEqualTo(50_000);
            assertThat(server.channel().config().getOptions()).containsEntry(ChannelOption.SO_REUSEADDR, true);
            assertThat(server.channel().config().getOption(ChannelOption.ALLOCATOR)).isSameAs(server.allocator());
            assertThat(server.channel().config().setOption(ChannelOption.SO_BACKLOG, 5)).isFalse();
        }
    }

    @Test
    void a_context_that_was_not_initialized_is_refused() throws Exception {
        DtlsServerChannelBuilder builder =
                DtlsServerChannel.builder(DtlsHandler.builder(SSLContext.getInstance("DTLS")));

        assertThatThrownBy(builder::build).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void settings_out_of_range_are_refused() {
        DtlsServerChannelBuilder builder = DtlsServerChannel.builder(DtlsHandler.builder(DtlsContexts.context()));

        assertThatThrownBy(() -> builder.maxConnections(0)).hasMessage("maxConnections: 0 (expected: >= 1)");
        assertThatThrownBy(() -> builder.maxPendingHandshakes(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.maxClientHellosPerSecond(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.idleTimeout(Duration.ofMillis(1)))
                .hasMessageStartingWith("idleTimeout: PT0.001S (expected: PT0S, or PT0.01S to ");
        assertThatThrownBy(() -> builder.idleTimeout(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}

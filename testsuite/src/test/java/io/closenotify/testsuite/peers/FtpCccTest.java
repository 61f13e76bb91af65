package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.Ending.assertOutcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TransportPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS ends and the connection lives on, with Python's ftplib and {@code SSLSocket.unwrap()} on the other side. */
@ExtendWith(LeakAndLogCheck.class)
@NeedsProgram("python3")
@Timeout(60)
class FtpCccTest {

    private static final ShutdownPolicy KEEP =
            ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();
    private static final Pattern LISTENS = Pattern.compile("^listening on (\\d+)$");

    /** Who sends the first close_notify. */
    enum First { US, PEER }

    static Stream<Arguments> setupsAndOrders() {
        return TlsSetup.cross(TlsSetup.all().stream(), First.values());
    }

    /** What the control connection of an FTP server needs for AUTH TLS (RFC 4217) and CCC. */
    private static final class FtpControl extends SimpleChannelInboundHandler<String> {

        private final SslContext tls;
        private final First first;
        private final BlockingQueue<ShutdownOutcome> outcomes;
        private final TlsShutdownHandler shutdown = TlsShutdownHandler.builder().policy(KEEP).build();

        FtpControl(SslContext tls, First first, BlockingQueue<ShutdownOutcome> outcomes) {
            this.tls = tls;
            this.first = first;
            this.outcomes = outcomes;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            reply(context, "220 ready");
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, String line) {
            boolean secured = context.pipeline().get(SslHandler.class) != null;
            switch (line.split(" ")[0]) {
                case "AUTH" -> {
                    reply(context, "234 go on with TLS");
                    context.pipeline().addFirst(tls.newHandler(context.alloc()), shutdown);
                }
                case "USER" -> reply(context, "331 and the password?");
                case "PASS" -> reply(context, secured ? "230 welcome" : "530 not in plaintext");
                case "CCC" -> {
                    reply(context, "200 go on without TLS");
                    if (first == First.US) {
                        shutdown.shutdown();
                    }
                }
                case "NOOP" -> reply(context, secured ? "200 secured" : "200 plaintext");
                case "QUIT" -> {
                    reply(context, "221 bye");
                    context.close();
                }
                default -> reply(context, "502 " + line);
            }
        }

        private static void reply(ChannelHandlerContext context, String text) {
            context.writeAndFlush(text + "\r\n").addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                outcomes.add(outcome);
            }
        }
    }

    private static Channel listen(EventLoopGroup loop, TlsSetup setup, First first,
            BlockingQueue<ShutdownOutcome> outcomes) throws InterruptedException {
        SslContext tls = setup.server();
        return Waits.done(new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new LineBasedFrameDecoder(100), new StringDecoder(),
                                new StringEncoder(), new FtpControl(tls, first, outcomes));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)).channel();
    }

    @ParameterizedTest
    @MethodSource("setupsAndOrders")
    void ftplib_goes_on_in_plaintext_after_ccc_whoever_closes_first(TlsSetup setup, First first) throws Exception {
        BlockingQueue<ShutdownOutcome> outcomes = new LinkedBlockingQueue<>();
        EventLoopGroup loop = new NioEventLoopGroup(1);
        try {
            int port = ((InetSocketAddress) listen(loop, setup, first, outcomes).localAddress()).getPort();
            try (PeerProcess ftp = PeerProcess.start(
                    Python.command("ftp_ccc.py", Integer.toString(port), setup.protocol()))) {
                int exit = ftp.awaitExit();

                assertThat(ftp.output().lines()).containsExactly("230 welcome", "200 go on without TLS",
                        "200 plaintext", "200 plaintext", "221 bye");
                assertThat(exit).isZero();
            }
            assertKept(Waits.next(outcomes, "the outcome"), first);
            assertThat(outcomes).isEmpty();
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private static void assertKept(ShutdownOutcome outcome, First first) {
        assertOutcome(outcome, ShutdownResult.CLEAN,
                first == First.US ? ShutdownInitiator.LOCAL : ShutdownInitiator.PEER, true, true);
        assertThat(outcome.transportKept()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("setupsAndOrders")
    void pythons_unwrap_as_client_goes_on_in_plaintext_whoever_closes_first(TlsSetup setup, First first)
            throws Exception {
        try (Connection.Server server = new Connection.Server(setup.server(), KEEP, Application.QUIET);
                PeerProcess python = PeerProcess.start(
                        unwrapping(setup, first, "client", Integer.toString(server.port())))) {
            assertGoesOnInPlaintext(server.next(), python, first);
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndOrders")
    void pythons_unwrap_as_server_goes_on_in_plaintext_whoever_closes_first(TlsSetup setup, First first)
            throws Exception {
        try (ListeningProgram python = ListeningProgram.onItsPort(unwrapping(setup, first, "server",
                TestCertificate.certificateFile(), TestCertificate.keyFile()), LISTENS)) {
            assertGoesOnInPlaintext(
                    Connection.client(setup.client(), python.port(), KEEP, Application.QUIET), python.process(), first);
        }
    }

    private static List<String> unwrapping(TlsSetup setup, First first, String... role) {
        List<String> command = Python.command("unwrap_peer.py", first == First.US ? "second" : "first",
                setup.protocol());
        command.addAll(List.of(role));
        return command;
    }

    private static void assertGoesOnInPlaintext(Connection ours, PeerProcess python, First first) throws Exception {
        ours.write("secret");
        python.awaitLine("read b'secret'"::equals);
        if (first == First.US) {
            // From another thread the write could pass the shutdown by.
            Waits.done(ours.channel().eventLoop().submit(() -> {
                ours.handler().shutdown();
                ours.write("from us\n");
            }));
            python.awaitLine("read b''"::equals);
        }
        ours.awaitText("from Python\n");
        if (first == First.PEER) {
            ours.write("from us\n");
        }
        python.awaitLine("plaintext b'from us\\n'"::equals);
        assertThat(python.awaitExit()).isZero();

        assertThat(ours.text()).isEqualTo("from Python\n");
        assertThat(ours.exceptions()).isEmpty();
        assertKept(ours.end(), first);
    }
}

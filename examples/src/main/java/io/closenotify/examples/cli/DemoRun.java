package io.closenotify.examples.cli;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TruncationPolicy;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Two connections in turn to a server of its own: data goes there and back, then the client shuts down. */
final class DemoRun {

    private static final String HOST = "127.0.0.1";
    private static final int BYTES = 32 * 1024;
    private static final long DEADLINE_SECONDS = 15;

    private final Provider provider;
    private final TlsVersion version;
    private final ShutdownMode mode;
    private final SelfSignedCertificate certificate;
    private final Log log;
    private final BlockingQueue<ConnectionReport> clientReports = new LinkedBlockingQueue<>();
    private final BlockingQueue<ConnectionReport> serverReports = new LinkedBlockingQueue<>();

    DemoRun(Provider provider, TlsVersion version, ShutdownMode mode, SelfSignedCertificate certificate, Log log) {
        this.provider = provider;
        this.version = version;
        this.mode = mode;
        this.certificate = certificate;
        this.log = log;
    }

    DemoRow run() throws IOException, InterruptedException {
        TlsContexts contexts = new TlsContexts(provider, List.of(version), List.of());
        // The end without close_notify is part of the demonstration: reported, not raised.
        ShutdownPolicy answering = ShutdownPolicy.bidirectional().toBuilder()
                .onTruncation(TruncationPolicy.REPORT)
                .build();
        TlsServer server = TlsServer.start(contexts.server(certificate), answering,
                new AppConverter().convert("echo"), serverReports::add, log, HOST, 0);
        EventLoopGroup loop = new NioEventLoopGroup(1);
        try {
            SslContext context = contexts.insecureClient();
            return row(context, loop, server.port());
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
            server.stop();
        }
    }

    private DemoRow row(SslContext context, EventLoopGroup loop, int port) throws InterruptedException {
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .handler(new TlsInitializer(channel -> context.newHandler(channel.alloc(), HOST, port),
                        ShutdownPolicy.of(mode), pipeline -> pipeline.addLast(new DemoClient()), clientReports::add,
                        log));
        Ends first = connect(bootstrap, port);
        if (first.problem(mode) != null) {
            return row(first, false, first.problem(mode));
        }
        Ends second = connect(bootstrap, port);
        boolean resumed = second.client() != null && second.client().resumed();
        String problem = second.problem(mode);
        return row(first, resumed, problem == null && !resumed ? "session not resumed" : problem);
    }

    private Ends connect(Bootstrap bootstrap, int port) throws InterruptedException {
        bootstrap.connect(HOST, port);
        return new Ends(clientReports.poll(DEADLINE_SECONDS, TimeUnit.SECONDS),
                serverReports.poll(DEADLINE_SECONDS, TimeUnit.SECONDS));
    }

    private DemoRow row(Ends ends, boolean resumed, @Nullable String problem) {
        return new DemoRow(provider, version, mode, ends.client(), ends.server(), resumed, problem);
    }

    /** What both sides say of one connection; {@code null} where one said nothing in time. */
    private record Ends(@Nullable ConnectionReport client, @Nullable ConnectionReport server) {

        @Nullable String problem(ShutdownMode mode) {
            return client == null || server == null
                    ? "no outcome within " + DEADLINE_SECONDS + " s"
                    : DemoSpecification.of(mode).problem(client, server, BYTES);
        }
    }

    /** Sends, waits until as much has come back, and shuts down. */
    private static final class DemoClient extends SimpleChannelInboundHandler<ByteBuf> {

        private int received;

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                context.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES]));
            }
            context.fireUserEventTriggered(event);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf data) {
            received += data.readableBytes();
            if (received == BYTES) {
                context.channel().close();
            }
        }
    }
}

package io.closenotify.quic.http3;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.incubator.codec.http3.DefaultHttp3Headers;
import io.netty.incubator.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.incubator.codec.http3.Http3;
import io.netty.incubator.codec.http3.Http3DataFrame;
import io.netty.incubator.codec.http3.Http3HeadersFrame;
import io.netty.incubator.codec.http3.Http3RequestStreamInboundHandler;
import io.netty.incubator.codec.http3.Http3ServerConnectionHandler;
import io.netty.incubator.codec.quic.DefaultQuicStreamFrame;
import io.netty.incubator.codec.quic.InsecureQuicTokenHandler;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicCodecBuilder;
import io.netty.incubator.codec.quic.QuicSslContextBuilder;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import io.netty.incubator.codec.quic.QuicStreamResetException;
import io.netty.incubator.codec.quic.QuicStreamType;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** An HTTP/3 server, and a client that knows nothing of HTTP/3: what it sends and receives are bytes. */
final class Http3Bench implements AutoCloseable {

    private static final int SECONDS = 10;
    private static final int GOAWAY = 7;
    /** GET https://x/ in a HEADERS frame; RFC 9204, appendix A has the static table. */
    private static final byte[] REQUEST = ByteBufUtil.decodeHexDump("01080000d1d7c1500178");

    private final EventLoopGroup loop = new NioEventLoopGroup(1);
    private final BlockingQueue<QuicChannel> accepted = new LinkedBlockingQueue<>();
    private final BlockingQueue<ChannelHandlerContext> requests = new LinkedBlockingQueue<>();
    private final BlockingQueue<Long> goAways = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> responses = new LinkedBlockingQueue<>();
    private final Channel serverUdp;
    private final Channel clientUdp;
    final QuicChannel client;
    final QuicChannel server;

    /** Connects. The connection is the server's, before it has its codec. */
    Http3Bench(Consumer<QuicChannel> connection) throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
        serverUdp = bind(parameters(Http3.newQuicServerCodecBuilder())
                .sslContext(QuicSslContextBuilder.forServer(certificate.key(), null, certificate.cert())
                        .applicationProtocols(Http3.supportedApplicationProtocols()).build())
                .tokenHandler(InsecureQuicTokenHandler.INSTANCE)
                .handler(new ChannelInitializer<QuicChannel>() {
                    @Override
                    protected void initChannel(QuicChannel channel) {
                        connection.accept(channel);
                        channel.pipeline().addLast(new Http3ServerConnectionHandler(
                                new ChannelInitializer<QuicStreamChannel>() {
                                    @Override
                                    protected void initChannel(QuicStreamChannel stream) {
                                        stream.pipeline().addLast(new Application());
                                    }
                                }));
                        accepted.add(channel);
                    }
                })
                .build());
        clientUdp = bind(parameters(Http3.newQuicClientCodecBuilder())
                .sslContext(QuicSslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE)
                        .applicationProtocols(Http3.supportedApplicationProtocols()).build())
                .build());
        client = QuicChannel.newBootstrap(clientUdp)
                .streamHandler(new ChannelInitializer<QuicStreamChannel>() {
                    @Override
                    protected void initChannel(QuicStreamChannel stream) {
                        stream.pipeline().addLast(new ControlStream());
                    }
                })
                .remoteAddress(new InetSocketAddress(
                        NetUtil.LOCALHOST4, ((InetSocketAddress) serverUdp.localAddress()).getPort()))
                .connect().sync().getNow();
        server = next(accepted);
    }

    private Channel bind(ChannelHandler codec) throws InterruptedException {
        return new Bootstrap().group(loop).channel(NioDatagramChannel.class).handler(codec)
                .bind(new InetSocketAddress(NetUtil.LOCALHOST4, 0)).sync().channel();
    }

    private static <B extends QuicCodecBuilder<B>> B parameters(B builder) {
        return builder.maxIdleTimeout(SECONDS, TimeUnit.SECONDS)
                .initialMaxData(1_000_000)
                .initialMaxStreamDataBidirectionalLocal(100_000)
                .initialMaxStreamDataBidirectionalRemote(100_000)
                .initialMaxStreamDataUnidirectional(100_000)
                .initialMaxStreamsBidirectional(100)
                .initialMaxStreamsUnidirectional(100);
    }

    /** Opens a stream, and sends nothing. */
    QuicStreamChannel stream() throws InterruptedException {
        return client.createStream(QuicStreamType.BIDIRECTIONAL, new Response()).sync().getNow();
    }

    static void request(QuicStreamChannel stream) {
        stream.writeAndFlush(new DefaultQuicStreamFrame(Unpooled.wrappedBuffer(REQUEST), true));
    }

    /** Waits until the application has seen a request. */
    ChannelHandlerContext nextRequest() throws InterruptedException {
        return next(requests);
    }

    boolean hasNoRequest() {
        return requests.isEmpty();
    }

    static void answer(ChannelHandlerContext request) {
        request.writeAndFlush(new DefaultHttp3HeadersFrame(new DefaultHttp3Headers().status("200")))
                .addListener(QuicStreamChannel.SHUTDOWN_OUTPUT);
    }

    /** Waits for the end of a response, as the client sees it. */
    String nextResponse() throws InterruptedException {
        return next(responses);
    }

    /** Waits for a GOAWAY, as the client sees it. */
    long nextGoAway() throws InterruptedException {
        return next(goAways);
    }

    boolean hasNoGoAway() {
        return goAways.isEmpty();
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(SECONDS, TimeUnit.SECONDS);
        assertThat(next).as("within " + SECONDS + " s").isNotNull();
        return next;
    }

    static void done(Future<?> future) throws InterruptedException {
        assertThat(future.await(SECONDS, TimeUnit.SECONDS)).as("within " + SECONDS + " s").isTrue();
    }

    @Override
    public void close() {
        client.close().awaitUninterruptibly();
        server.close().awaitUninterruptibly();
        clientUdp.close().awaitUninterruptibly();
        serverUdp.close().awaitUninterruptibly();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    /** Lets the test answer. */
    private final class Application extends Http3RequestStreamInboundHandler {

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3HeadersFrame frame) {
            requests.add(context);
        }

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3DataFrame frame) {
            frame.release();
        }

        @Override
        protected void channelInputClosed(ChannelHandlerContext context) {
            // The requests have no body.
        }
    }

    private final class Response extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            responses.add(ByteBufUtil.hexDump((ByteBuf) message));
            ((ByteBuf) message).release();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            responses.add(cause instanceof QuicStreamResetException reset
                    ? "reset 0x" + Long.toHexString(reset.applicationProtocolCode()) : cause.toString());
        }
    }

    /** Each stream begins with its type, the frames of a control stream with type and length of one byte each. */
    private final class ControlStream extends ChannelInboundHandlerAdapter {

        private final List<Byte> bytes = new ArrayList<>();
        private int read = 1;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf received = (ByteBuf) message;
            while (received.isReadable()) {
                bytes.add(received.readByte());
            }
            received.release();
            while (bytes.size() >= read + 2 && bytes.size() >= read + 2 + bytes.get(read + 1)) {
                int length = bytes.get(read + 1);
                if (bytes.get(read) == GOAWAY) {
                    goAways.add(id(bytes.subList(read + 2, read + 2 + length)));
                }
                read += 2 + length;
            }
        }

        /** RFC 9000, section 16: the first two bits are the length. */
        private static long id(List<Byte> encoded) {
            long id = encoded.get(0) & 0x3f;
            for (Byte next : encoded.subList(1, encoded.size())) {
                id = id << 8 | next & 0xff;
            }
            return id;
        }
    }
}

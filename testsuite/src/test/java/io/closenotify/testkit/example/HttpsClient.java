package io.closenotify.testkit.example;

import io.closenotify.boundary.HttpMessageBoundary;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The client under test: an HTTP client that gets one document. */
final class HttpsClient implements AutoCloseable {

    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private final SslContext ssl;

    HttpsClient() throws Exception {
        ssl = SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).build();
    }

    /** The body of the response; fails if the connection ended before it did. */
    CompletableFuture<String> get(InetSocketAddress server) {
        CompletableFuture<String> body = new CompletableFuture<>();
        new Bootstrap().group(group).channel(NioSocketChannel.class).handler(new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(ssl.newHandler(channel.alloc()), TlsShutdownHandler.builder().build(),
                        new HttpClientCodec(), new HttpMessageBoundary(), new HttpObjectAggregator(65_536),
                        new Exchange(body));
            }
        }).connect(server);
        return body;
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private static final class Exchange extends SimpleChannelInboundHandler<FullHttpResponse> {

        private final CompletableFuture<String> body;

        Exchange(CompletableFuture<String> body) {
            this.body = body;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.writeAndFlush(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"));
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpResponse response) {
            body.complete(response.content().toString(StandardCharsets.UTF_8));
            context.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            body.completeExceptionally(cause);
            context.close();
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            body.completeExceptionally(new IllegalStateException("closed without a response"));
        }
    }
}

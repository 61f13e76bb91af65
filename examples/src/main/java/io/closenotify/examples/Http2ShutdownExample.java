package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * HTTP/2: {@code close()} of the connection sends GOAWAY, lets the open streams finish, and ends TLS behind them. The
 * codec gives them no time unless it is told.
 */
public final class Http2ShutdownExample {

    private static final long STREAMS_MAY_TAKE = TimeUnit.SECONDS.toMillis(30);

    private Http2ShutdownExample() {
    }

    /**
     * Runs the example against a server of its own.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        CompletableFuture<Channel> request = new CompletableFuture<>();
        CompletableFuture<String> status = new CompletableFuture<>();
        SslHandler serverTls = Loopback.serverContext().newHandler(ByteBufAllocator.DEFAULT);
        SslHandler tls = Loopback.clientContext().newHandler(ByteBufAllocator.DEFAULT);
        try (Loopback loopback = new Loopback()) {
            Channel server = loopback.listen(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel connection) {
                    connection.pipeline().addLast(serverTls, TlsShutdownHandler.builder().build(),
                            Http2FrameCodecBuilder.forServer().gracefulShutdownTimeoutMillis(STREAMS_MAY_TAKE).build(),
                            new Http2MultiplexHandler(onHeaders((stream, headers) -> request.complete(stream))));
                }
            });
            TlsShutdownHandler shutdown = TlsShutdownHandler.builder().build();
            Channel client = loopback.connect(server, tls, shutdown,
                    Http2FrameCodecBuilder.forClient().gracefulShutdownTimeoutMillis(STREAMS_MAY_TAKE).build(),
                    new Http2MultiplexHandler(onHeaders((stream, headers) -> stream.close())));
            tls.handshakeFuture().sync();

            Channel stream = new Http2StreamChannelBootstrap(client)
                    .handler(onHeaders((self, headers) -> status.complete(headers.headers().status().toString())))
                    .open().sync().getNow();
            stream.writeAndFlush(new DefaultHttp2HeadersFrame(
                    new DefaultHttp2Headers().method("GET").scheme("https").path("/"), true)).sync();
            request.get();
            // The connection, not the stream: shutdown.shutdown() would end TLS under the open stream.
            client.close();
            request.get().writeAndFlush(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200"), true));
            System.out.println("client: answered with " + status.get());
            client.closeFuture().sync();

            ShutdownOutcome outcome = shutdown.shutdown().sync().getNow();
            System.out.println("client: " + outcome.result());
        }
    }

    private static ChannelHandler onHeaders(BiConsumer<Channel, Http2HeadersFrame> application) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel stream) {
                stream.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelRead(ChannelHandlerContext context, Object frame) {
                        if (frame instanceof Http2HeadersFrame headers) {
                            application.accept(context.channel(), headers);
                        }
                        ReferenceCountUtil.release(frame);
                    }
                });
            }
        };
    }
}

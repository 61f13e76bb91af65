package io.closenotify.examples.probe.quic;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.incubator.codec.http3.DefaultHttp3HeadersFrame;
import io.netty.incubator.codec.http3.Http3;
import io.netty.incubator.codec.http3.Http3ClientConnectionHandler;
import io.netty.incubator.codec.http3.Http3DataFrame;
import io.netty.incubator.codec.http3.Http3HeadersFrame;
import io.netty.incubator.codec.http3.Http3RequestStreamInboundHandler;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.incubator.codec.quic.QuicStreamChannel;
import javax.net.ssl.SSLEngine;

/** A request by HTTP/3. */
final class Http3Request {

    private Http3Request() {
    }

    /** Whether that protocol was negotiated. */
    static boolean isFor(QuicChannel channel) {
        SSLEngine engine = channel.sslEngine();
        return engine != null && "h3".equals(engine.getApplicationProtocol());
    }

    /** Opens the control streams. To be called when the channel becomes active. */
    static void prepare(ChannelPipeline connection) {
        connection.addLast(new Http3ClientConnectionHandler());
    }

    /** Asks for "/", on a new stream. */
    static void send(QuicChannel channel, String authority) {
        Http3.newRequestStream(channel, new Discard()).addListener(opened -> {
            if (opened.isSuccess()) {
                Http3HeadersFrame request = new DefaultHttp3HeadersFrame();
                request.headers().method("GET").scheme("https").authority(authority).path("/");
                ((QuicStreamChannel) opened.getNow()).writeAndFlush(request)
                        .addListener(QuicStreamChannel.SHUTDOWN_OUTPUT);
            }
        });
    }

    private static final class Discard extends Http3RequestStreamInboundHandler {

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3HeadersFrame headers) {
            // The wire has seen it.
        }

        @Override
        protected void channelRead(ChannelHandlerContext context, Http3DataFrame data) {
            data.release();
        }

        @Override
        protected void channelInputClosed(ChannelHandlerContext context) {
            // The ledger of the streams tells.
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            // It ends as the connection does.
        }
    }
}

package io.closenotify.testsuite.drain;

import io.closenotify.testsuite.TlsSetup;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** HTTP/2, to a server with the multiplexer; responses come in two DATA frames. */
final class Http2Load extends TcpLoad {

    Http2Load(TlsSetup tls, boolean stock) {
        super(tls, stock);
    }

    @Override
    void accept(Channel channel, Load load) {
        channel.pipeline().addLast(Http2FrameCodecBuilder.forServer().build(),
                new Http2MultiplexHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel stream) {
                        stream.pipeline().addLast(new Application(load));
                    }
                }));
    }

    @Override
    void initialize(Channel channel, ClientSide client) {
        // The preface is to be the first that is sent.
    }

    @Override
    void opened(Channel channel, ClientSide client) {
        Caller caller = new Caller(client);
        Http2ConnectionHandler handler = new Http2ConnectionHandlerBuilder().server(false)
                .gracefulShutdownTimeoutMillis(0).frameListener(caller).build();
        channel.pipeline().addLast(handler);
        caller.begin(channel.pipeline().context(handler), handler);
    }

    private static final class Application extends ChannelInboundHandlerAdapter {

        private final Load load;

        Application(Load load) {
            this.load = load;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof Http2HeadersFrame request) {
                int id = Integer.parseInt(request.headers().path().toString().substring(1));
                load.accepted(id);
                context.executor().schedule(() -> answer(context, id), Load.millis(id), TimeUnit.MILLISECONDS);
            }
            ReferenceCountUtil.release(message);
        }

        private static void answer(ChannelHandlerContext context, int id) {
            String body = Load.body(id);
            context.write(new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")));
            context.writeAndFlush(new DefaultHttp2DataFrame(
                    Unpooled.copiedBuffer(body.substring(0, 1), StandardCharsets.US_ASCII)));
            context.executor().schedule(() -> context.writeAndFlush(new DefaultHttp2DataFrame(
                    Unpooled.copiedBuffer(body.substring(1), StandardCharsets.US_ASCII), true)),
                    Load.millis(id), TimeUnit.MILLISECONDS);
        }
    }

    private static final class Caller extends Http2FrameAdapter {

        private record Response(int id, StringBuilder body) {
        }

        private final ClientSide client;
        private final Map<Integer, Response> streams = new HashMap<>();
        private int lastStream = Integer.MAX_VALUE;

        Caller(ClientSide client) {
            this.client = client;
        }

        void begin(ChannelHandlerContext context, Http2ConnectionHandler handler) {
            context.channel().closeFuture().addListener(closed -> client.closed(stream -> stream > lastStream));
            client.opened(context.channel().eventLoop(), id -> {
                int stream = handler.connection().local().incrementAndGetNextStreamId();
                streams.put(stream, new Response(id, new StringBuilder()));
                handler.encoder().writeHeaders(context, stream, new DefaultHttp2Headers().method("GET").scheme("https")
                        .path("/" + id), 0, true, context.newPromise());
                context.flush();
                return stream;
            });
        }

        @Override
        public int onDataRead(ChannelHandlerContext context, int stream, ByteBuf data, int padding,
                boolean endOfStream) {
            Response response = streams.get(stream);
            response.body.append(data.toString(StandardCharsets.US_ASCII));
            if (endOfStream) {
                streams.remove(stream);
                client.answered(response.id, response.body.toString());
            }
            return data.readableBytes() + padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext context, int stream, long errorCode) {
            Response response = streams.remove(stream);
            if (errorCode == Http2Error.REFUSED_STREAM.code()) {
                client.unprocessed(response.id);
            }
        }

        @Override
        public void onGoAwayRead(ChannelHandlerContext context, int last, long errorCode, ByteBuf debugData) {
            client.ending();
            lastStream = last;
        }
    }
}

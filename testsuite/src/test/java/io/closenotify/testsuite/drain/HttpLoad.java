package io.closenotify.testsuite.drain;

import io.closenotify.drain.HttpConnectionCloseHandler;
import io.closenotify.testsuite.TlsSetup;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/** HTTP/1.1, with chunked responses in two parts. */
final class HttpLoad extends TcpLoad {

    private final boolean stock;

    HttpLoad(TlsSetup tls, boolean stock) {
        super(tls, stock);
        this.stock = stock;
    }

    @Override
    void accept(Channel channel, Load load) {
        channel.pipeline().addLast(new HttpServerCodec());
        if (!stock) {
            channel.pipeline().addLast(new HttpConnectionCloseHandler());
        }
        channel.pipeline().addLast(new Application(load));
    }

    @Override
    void initialize(Channel channel, ClientSide client) {
        channel.pipeline().addLast(new HttpClientCodec(), new Caller(client));
    }

    @Override
    void opened(Channel channel, ClientSide client) {
        channel.pipeline().get(Caller.class).begin(channel);
    }

    private static final class Application extends SimpleChannelInboundHandler<HttpObject> {

        private final Load load;
        private final Queue<Integer> unanswered = new ArrayDeque<>();

        Application(Load load) {
            this.load = load;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
            if (message instanceof HttpRequest request) {
                int id = Integer.parseInt(request.uri().substring(1));
                load.accepted(id);
                unanswered.add(id);
                if (unanswered.size() == 1) {
                    answer(context, id);
                }
            }
        }

        private void answer(ChannelHandlerContext context, int id) {
            String body = Load.body(id);
            context.executor().schedule(() -> {
                HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
                head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
                context.write(head);
                context.writeAndFlush(new DefaultHttpContent(
                        Unpooled.copiedBuffer(body.substring(0, 1), StandardCharsets.US_ASCII)));
                context.executor().schedule(() -> {
                    context.writeAndFlush(new DefaultLastHttpContent(
                            Unpooled.copiedBuffer(body.substring(1), StandardCharsets.US_ASCII)));
                    unanswered.remove();
                    if (!unanswered.isEmpty()) {
                        answer(context, unanswered.element());
                    }
                }, Load.millis(id), TimeUnit.MILLISECONDS);
            }, Load.millis(id), TimeUnit.MILLISECONDS);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    private static final class Caller extends SimpleChannelInboundHandler<HttpObject> {

        private final ClientSide client;
        private final Queue<Integer> sent = new ArrayDeque<>();
        private final StringBuilder body = new StringBuilder();
        private long requests;
        private long responses;
        private boolean responding;
        private boolean last;

        Caller(ClientSide client) {
            this.client = client;
        }

        void begin(Channel channel) {
            channel.closeFuture().addListener(closed -> client.closed(this::isUnprocessed));
            client.opened(channel.eventLoop(), id -> {
                sent.add(id);
                channel.writeAndFlush(new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/" + id));
                return requests++;
            });
        }

        /** RFC 9112, section 9.6: nothing is processed behind the request whose response said so. */
        private boolean isUnprocessed(long request) {
            return last && request >= (responding ? responses + 1 : responses);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, HttpObject message) {
            if (message instanceof HttpResponse response) {
                responding = true;
                last = !HttpUtil.isKeepAlive(response);
                if (last) {
                    client.ending();
                }
            }
            if (message instanceof HttpContent content) {
                body.append(content.content().toString(StandardCharsets.US_ASCII));
            }
            if (message instanceof LastHttpContent) {
                responding = false;
                responses++;
                client.answered(sent.remove(), body.toString());
                body.setLength(0);
                if (last) {
                    context.close();
                }
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}

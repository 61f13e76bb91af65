package io.closenotify.boundary;

import io.closenotify.MessageBoundary;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The boundary of HTTP/1.1: a message is in flight while a request (to a server) or a response (to a client) is partly
 * read, and at a client from the moment a request is written to the end of its final response.
 *
 * <p>It belongs directly behind Netty's codec, client's or server's, and is added together with it. It looks into the
 * codec when it is asked; what a handler in front of the codec holds back is unknown to it.
 * <pre>{@code
 * pipeline.addLast(tlsShutdownHandler);
 * pipeline.addLast(new HttpClientCodec());
 * pipeline.addLast(new HttpMessageBoundary());
 * pipeline.addLast(new HttpObjectAggregator(65_536));
 * }</pre>
 *
 * <p>A response that says {@code Connection: close} is the last one: nothing is owed to requests pipelined behind its
 * own. A response whose body ends with the connection is in flight until a close_notify comes. To an
 * {@code HttpResponseDecoder} outside an {@code HttpClientCodec}, a response to HEAD has a body, which never comes.
 *
 * <p>Once the connection has left HTTP (status 101, or 2xx to CONNECT) only the next protocol knows; until this handler
 * is removed, a message is in flight.
 *
 * <p><b>Threading</b>: as a handler's, on the event loop of the channel; nothing may be called from elsewhere.
 *
 * <p><b>Errors</b>: where it finds no codec in front, or what came could not be decoded, a message is in flight; so it
 * is where it cannot look into the codec, which is said once in the log.
 *
 * <p><b>Specification</b>: RFC 9112, section 8 (incomplete messages), 9.3.2 (pipelining), 9.6 (the last response), 9.8
 * (TLS connection closure); RFC 9110, section 15.2 (1xx are not final).
 */
public final class HttpMessageBoundary extends ChannelDuplexHandler implements MessageBoundary {

    private final HttpDecoders decoders;
    /** The client's, in the order of their responses. */
    private final Deque<HttpMethod> unanswered = new ArrayDeque<>(2);
    private @Nullable ChannelHandlerContext context;
    private boolean finalResponse;
    private boolean lastResponse;
    private boolean connectRequested;
    private boolean unknown;

    /** For one channel. */
    public HttpMessageBoundary() {
        this(HttpDecoders.get());
    }

    HttpMessageBoundary(HttpDecoders decoders) {
        this.decoders = decoders;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        if (added.executor() != added.channel().eventLoop()) {
            throw new IllegalStateException("the HttpMessageBoundary must run on the channel's event loop");
        }
        context = added;
    }

    @Override
    public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
        if (message instanceof HttpRequest request) {
            HttpMethod method = request.method();
            unanswered.add(method);
            ChannelPromise told = promise.unvoid();
            told.addListener(written -> {
                if (!written.isSuccess()) {
                    unanswered.removeLastOccurrence(method);
                }
            });
            own.write(message, told);
        } else {
            if (message instanceof HttpResponse response) {
                unknown |= leavesHttp(response, connectRequested);
            }
            own.write(message, promise);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (message instanceof HttpResponse response) {
            finalResponse = response.status().codeClass() != HttpStatusClass.INFORMATIONAL;
            lastResponse = !HttpUtil.isKeepAlive(response);
            unknown |= leavesHttp(response, HttpMethod.CONNECT.equals(unanswered.peek()));
        } else if (message instanceof HttpRequest request) {
            connectRequested = HttpMethod.CONNECT.equals(request.method());
        }
        if (message instanceof LastHttpContent && finalResponse) {
            if (lastResponse) {
                unanswered.clear();
            } else {
                unanswered.poll();
            }
        }
        own.fireChannelRead(message);
    }

    private static boolean leavesHttp(HttpResponse response, boolean toConnect) {
        return response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)
                || (toConnect && response.status().codeClass() == HttpStatusClass.SUCCESS);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        // The codec may have thrown away what it could not, or would not, decode.
        unknown |= cause instanceof DecoderException;
        own.fireExceptionCaught(cause);
    }

    @Override
    public boolean isMessageInFlight() {
        return unknown || !unanswered.isEmpty() || context == null || !decoders.betweenMessages(context);
    }
}

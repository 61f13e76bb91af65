package io.closenotify.drain;

import static java.util.Objects.requireNonNull;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Follows the requests and responses of a server's HTTP/1.1 connection, so that {@link HttpConnectionCloseHook} can end
 * it behind a response that says {@code Connection: close}.
 *
 * <p>It belongs directly behind Netty's codec, and is added together with it:
 * <pre>{@code
 * pipeline.addLast(tlsShutdownHandler);
 * pipeline.addLast(new HttpServerCodec());
 * pipeline.addLast(new HttpConnectionCloseHandler());
 * pipeline.addLast(new HttpObjectAggregator(65_536));
 * }</pre>
 *
 * <p><b>States.</b> Until the hook asks for the end, everything passes as it is. From then on see the hook: requests
 * that are no longer taken are released. What the application says in {@code Connection} itself is kept, but for
 * {@code keep-alive}. Headers that cannot be changed are left as they are, and the connection counts as idle behind
 * their response.
 *
 * <p><b>Threading.</b> As a handler's; nothing may be called from elsewhere.
 *
 * <p><b>Timeouts, errors.</b> See the hook.
 *
 * <p><b>Specification.</b> RFC 9112, section 9.3.2 (pipelining), 9.6 (the last response); RFC 9110, section 7.6.1
 * (Connection), 7.8 and 9.3.6 (the end of HTTP on a connection), 15.2 (1xx are not final).
 */
public final class HttpConnectionCloseHandler extends ChannelDuplexHandler {

    private @Nullable ChannelHandlerContext context;
    private @Nullable Promise<Void> drained;
    private Duration idleGrace = Duration.ZERO;
    private @Nullable ScheduledFuture<?> graceTimer;
    /** Requests taken to which the head of the final response is not written. */
    private int headsOwed;
    private boolean responding;
    private boolean lastResponse;
    private boolean refuses;
    private boolean refusesThisOne;
    private boolean connectRequested;
    private boolean leftHttp;

    /** For one channel. */
    public HttpConnectionCloseHandler() {
    }

    /** On the event loop of the channel. */
    Future<Void> drain(Duration grace) {
        ChannelHandlerContext own = requireNonNull(context);
        if (drained == null) {
            drained = own.executor().newPromise();
            idleGrace = grace;
            refuses = headsOwed > 0;
            if (leftHttp || (lastResponse && !responding)) {
                complete();
            } else {
                completeIfIdle();
            }
        }
        return drained;
    }

    private void completeIfIdle() {
        if (drained == null || headsOwed > 0 || responding) {
            return;
        }
        if (idleGrace.isZero()) {
            complete();
        } else {
            graceTimer = requireNonNull(context).executor()
                    .schedule(this::complete, idleGrace.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    private void complete() {
        stopTimer();
        refuses = true;
        if (drained != null) {
            drained.trySuccess(null);
        }
    }

    private void stopTimer() {
        if (graceTimer != null) {
            graceTimer.cancel(false);
            graceTimer = null;
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        if (added.executor() != added.channel().eventLoop()) {
            throw new IllegalStateException(
                    "the HttpConnectionCloseHandler must run on the channel's event loop");
        }
        context = added;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        complete();
    }

    @Override
    public void channelInactive(ChannelHandlerContext own) {
        complete();
        own.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (!leftHttp) {
            if (message instanceof HttpRequest request) {
                refusesThisOne = refuses;
                if (!refuses) {
                    take(request);
                }
            }
            if (refusesThisOne && (message instanceof HttpRequest || message instanceof HttpContent)) {
                ReferenceCountUtil.release(message);
                return;
            }
        }
        own.fireChannelRead(message);
    }

    private void take(HttpRequest request) {
        stopTimer();
        headsOwed++;
        connectRequested = request.method().equals(HttpMethod.CONNECT);
        refuses = drained != null;
    }

    @Override
    public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
        boolean last = false;
        if (message instanceof HttpResponse response && !leftHttp) {
            head(response);
            last = leftHttp;
        }
        if (message instanceof LastHttpContent && responding) {
            responding = false;
            last = lastResponse;
            if (!last) {
                completeIfIdle();
            }
        }
        own.write(message, last && drained != null ? promise.unvoid().addListener(written -> complete()) : promise);
    }

    private void head(HttpResponse response) {
        HttpResponseStatus status = response.status();
        if (status.equals(HttpResponseStatus.SWITCHING_PROTOCOLS)
                || (status.codeClass() == HttpStatusClass.SUCCESS && connectRequested && headsOwed <= 1)) {
            leftHttp = true;
        } else if (status.codeClass() != HttpStatusClass.INFORMATIONAL) {
            responding = true;
            // A server may say 408 without having been asked.
            headsOwed = Math.max(0, headsOwed - 1);
            lastResponse = (drained != null && headsOwed == 0 && sayClose(response.headers()))
                    || response.headers().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
            refuses = drained != null && (lastResponse || headsOwed > 0);
        }
    }

    private static boolean sayClose(HttpHeaders headers) {
        List<String> options = new ArrayList<>();
        for (String line : headers.getAll(HttpHeaderNames.CONNECTION)) {
            Arrays.stream(line.split(",", -1)).map(String::strip)
                    .filter(option -> !option.isEmpty() && !HttpHeaderValues.KEEP_ALIVE.contentEqualsIgnoreCase(option)
                            && !HttpHeaderValues.CLOSE.contentEqualsIgnoreCase(option))
                    .forEach(options::add);
        }
        options.add(HttpHeaderValues.CLOSE.toString());
        try {
            headers.set(HttpHeaderNames.CONNECTION, String.join(", ", options));
            return true;
        } catch (UnsupportedOperationException readOnly) {
            return false;
        }
    }
}

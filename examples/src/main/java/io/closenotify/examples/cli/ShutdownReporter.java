package io.closenotify.examples.cli;

import io.closenotify.ShutdownOutcome;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/**
 * Stands behind the handler that shuts TLS or DTLS down: reports the connection once, at its outcome, and holds
 * {@code channelActive} back from the application until the handshake is done.
 */
final class ShutdownReporter extends ChannelInboundHandlerAdapter {

    private final Function<ChannelPipeline, SSLEngine> engine;
    private final Traffic traffic;
    private final Consumer<? super ConnectionReport> reports;
    private final long start = System.currentTimeMillis();
    private @Nullable String peer;
    private boolean resumed;

    ShutdownReporter(Function<ChannelPipeline, SSLEngine> engine, Traffic traffic,
            Consumer<? super ConnectionReport> reports) {
        this.engine = engine;
        this.traffic = traffic;
        this.reports = reports;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        if (context.channel().isActive()) {
            connected(context);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        connected(context);
    }

    private void connected(ChannelHandlerContext context) {
        peer = NetUtil.toSocketAddressString((InetSocketAddress) context.channel().remoteAddress());
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            resumed = Resumption.resumed(engine.apply(context.pipeline()), start);
            context.fireChannelActive();
        } else if (event instanceof ShutdownOutcome outcome && peer != null) {
            // Without a peer there was no connection to speak of: the connect failed.
            reports.accept(new ConnectionReport(peer, resumed, traffic.read() + outcome.bytesDiscarded(),
                    traffic.written(), Ending.of(outcome)));
        }
        context.fireUserEventTriggered(event);
    }
}

package io.closenotify.examples.cli;

import io.closenotify.ShutdownOutcome;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands behind the {@code TlsShutdownHandler}: reports the connection once, at its outcome, and holds
 * {@code channelActive} back from the application until the handshake is done.
 */
final class TlsReporter extends ChannelInboundHandlerAdapter {

    private final Traffic traffic;
    private final Consumer<? super ConnectionReport> reports;
    private final long start = System.currentTimeMillis();
    private @Nullable String peer;
    private boolean resumed;

    TlsReporter(Traffic traffic, Consumer<? super ConnectionReport> reports) {
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
            resumed = Resumption.resumed(context.pipeline().get(SslHandler.class), start);
            context.fireChannelActive();
        } else if (event instanceof ShutdownOutcome outcome && peer != null) {
            // Without a peer there was no connection to speak of: the connect failed.
            reports.accept(new ConnectionReport(peer, resumed, traffic.read() + outcome.bytesDiscarded(),
                    traffic.written(), Ending.of(outcome)));
        }
        context.fireUserEventTriggered(event);
    }
}

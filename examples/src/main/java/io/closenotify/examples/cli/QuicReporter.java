package io.closenotify.examples.cli;

import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownHandler;
import io.closenotify.quic.QuicShutdownOutcome;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.incubator.codec.quic.QuicChannel;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * Stands behind the {@code QuicShutdownHandler}: reports the connection once, at its outcome. By the future, not by the
 * event: where the handshake failed, the handlers behind are gone before the event is fired.
 */
final class QuicReporter extends ChannelInboundHandlerAdapter {

    private final Consumer<? super ConnectionReport> reports;
    private final Traffic traffic = new Traffic();
    private String peer = "";
    private boolean handshaken;
    private boolean resumed;

    QuicReporter(Consumer<? super ConnectionReport> reports) {
        this.reports = reports;
    }

    /** Makes a handler for a stream of the connection, to count its data. */
    ChannelHandler counter() {
        return traffic.counter();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        // The codec forgets it when the connection ends.
        peer = NetUtil.toSocketAddressString(
                (InetSocketAddress) ((QuicChannel) context.channel()).remoteSocketAddress());
        QuicShutdownFuture future = context.pipeline().get(QuicShutdownHandler.class).outcome();
        future.addListener(done -> {
            QuicShutdownOutcome outcome = future.outcome();
            if (outcome != null) {
                reports.accept(new ConnectionReport(peer, resumed, traffic.read(), traffic.written(),
                        Ending.of(outcome, handshaken)));
            }
        });
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            handshaken = true;
            resumed = Resumption.resumed((QuicChannel) context.channel());
        }
        context.fireUserEventTriggered(event);
    }
}

package io.closenotify.examples.cli;

import io.closenotify.ShutdownOutcome;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Stands directly behind the {@code TlsShutdownHandler}: counts the application data that passes, and reports the
 * connection once, at its outcome.
 */
final class ConnectionReporter extends ChannelDuplexHandler {

    private final Consumer<? super ConnectionReport> reports;
    private final long start = System.currentTimeMillis();
    private @Nullable String peer;
    private boolean resumed;
    private long bytesRead;
    private long bytesWritten;

    ConnectionReporter(Consumer<? super ConnectionReport> reports) {
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
        context.fireChannelActive();
    }

    private void connected(ChannelHandlerContext context) {
        peer = NetUtil.toSocketAddressString((InetSocketAddress) context.channel().remoteAddress());
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf data) {
            bytesRead += data.readableBytes();
        }
        context.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf data) {
            int bytes = data.readableBytes();
            context.write(message, promise.unvoid().addListener(written -> {
                if (written.isSuccess()) {
                    bytesWritten += bytes;
                }
            }));
        } else {
            context.write(message, promise);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            resumed = Resumption.resumed(context.pipeline().get(SslHandler.class), start);
        } else if (event instanceof ShutdownOutcome outcome && peer != null) {
            // Without a peer there was no connection to speak of: the connect failed.
            reports.accept(new ConnectionReport(peer, resumed, bytesRead + outcome.bytesDiscarded(), bytesWritten,
                    outcome));
        }
        context.fireUserEventTriggered(event);
    }
}

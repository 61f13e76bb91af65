package io.closenotify.tls;

import static java.util.Objects.requireNonNull;

import io.closenotify.ShutdownOutcome;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ServerChannel;
import io.netty.handler.ssl.SslHandler;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Puts a {@link TlsShutdownHandler} directly behind an {@link SslHandler} that somebody else makes, as gRPC and Reactor
 * Netty do, whenever that is.
 *
 * <p>Add it in front of where the {@code SslHandler} will be, best at the head of the pipeline. If one is there, the
 * {@code TlsShutdownHandler} joins it at once; otherwise at the first read that finds one behind the installer. Then
 * the installer leaves the pipeline and costs nothing more. In the pipeline of a {@link ServerChannel} it stays, and
 * adds itself to every connection accepted.
 *
 * <p>Where the {@code SslHandler} has a {@code TlsShutdownHandler} already, that one stays and no other is added.
 *
 * <p>One installer serves one {@code SslHandler} a connection, the first behind it: with TLS in TLS the outer one. A
 * second installer, added behind the outer {@code SslHandler}, serves the inner one. Where TLS never begins, the
 * installer stays, and looks for it once a read. A connection that is closed before its first read, or between the
 * making of its {@code SslHandler} and the next read, ends as if the installer were absent: there was no handshake
 * then, and nothing to shut down.
 *
 * <p><b>Threading.</b> Sharable, and without state: one instance may serve any number of channels.
 *
 * <p><b>Timeouts.</b> None of its own.
 *
 * <p><b>Errors.</b> None of its own. What the consumer of the outcomes throws goes through the pipeline as an exception
 * of a handler.
 *
 * <pre>{@code
 * TlsShutdownInstaller installer = TlsShutdownInstaller.of(TlsShutdownHandler.builder());
 * // gRPC, with the event loops set
 * serverBuilder.channelFactory(() -> installer.addTo(new NioServerSocketChannel()));
 * channelBuilder.channelFactory(() -> installer.addTo(new NioSocketChannel()));
 * // Reactor Netty, client or server
 * http.doOnChannelInit((observer, channel, remote) -> installer.addTo(channel));
 * }</pre>
 */
@Sharable
public final class TlsShutdownInstaller extends ChannelInboundHandlerAdapter {

    private final Supplier<TlsShutdownHandler> handlers;
    private final @Nullable OutcomeListener listener;

    private TlsShutdownInstaller(TlsShutdownHandlerBuilder builder, @Nullable OutcomeListener listener) {
        handlers = requireNonNull(builder, "builder").supplier();
        this.listener = listener;
    }

    /**
     * Returns an installer.
     *
     * @param builder builds the handlers; what is changed in it afterwards does not count
     * @return a new installer
     */
    public static TlsShutdownInstaller of(TlsShutdownHandlerBuilder builder) {
        return new TlsShutdownInstaller(builder, null);
    }

    /**
     * Returns an installer that tells how each connection ended.
     *
     * @param builder builds the handlers; what is changed in it afterwards does not count
     * @param outcomes is called on the event loop of the channel, once a shutdown
     * @return a new installer
     */
    public static TlsShutdownInstaller of(TlsShutdownHandlerBuilder builder,
            BiConsumer<? super Channel, ? super ShutdownOutcome> outcomes) {
        return new TlsShutdownInstaller(builder, new OutcomeListener(requireNonNull(outcomes, "outcomes")));
    }

    /**
     * Adds this installer at the head of a channel's pipeline.
     *
     * @param channel a connection, or the server channel that accepts them
     * @param <C> its type
     * @return the channel
     */
    public <C extends Channel> C addTo(C channel) {
        channel.pipeline().addFirst(this);
        return channel;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        install(context);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (context.channel() instanceof ServerChannel && message instanceof Channel connection) {
            addTo(connection);
        } else {
            install(context);
        }
        context.fireChannelRead(message);
    }

    private void install(ChannelHandlerContext context) {
        ChannelPipeline pipeline = context.pipeline();
        if (pipeline.context(SslHandler.class) == null) {
            return;
        }
        String ssl = firstBehind(context);
        if (ssl != null) {
            TlsShutdownHandler handler = shutdownOf(pipeline.context(ssl));
            if (handler == null) {
                handler = handlers.get();
                pipeline.addAfter(ssl, null, handler);
            }
            if (listener != null) {
                pipeline.addAfter(pipeline.context(handler).name(), null, listener);
            }
            pipeline.remove(context.name());
        }
    }

    private static @Nullable String firstBehind(ChannelHandlerContext context) {
        return HandlersBehind.of(context).filter(entry -> entry.getValue() instanceof SslHandler)
                .map(Map.Entry::getKey).findFirst().orElse(null);
    }

    /** One that somebody else has added. */
    private static @Nullable TlsShutdownHandler shutdownOf(ChannelHandlerContext ssl) {
        return HandlersBehind.of(ssl).map(Map.Entry::getValue)
                .takeWhile(handler -> !(handler instanceof SslHandler))
                .filter(TlsShutdownHandler.class::isInstance).map(TlsShutdownHandler.class::cast)
                .findFirst().orElse(null);
    }

    @Sharable
    private static final class OutcomeListener extends ChannelInboundHandlerAdapter {

        private final BiConsumer<? super Channel, ? super ShutdownOutcome> outcomes;

        OutcomeListener(BiConsumer<? super Channel, ? super ShutdownOutcome> outcomes) {
            this.outcomes = outcomes;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            context.fireUserEventTriggered(event);
            if (event instanceof ShutdownOutcome outcome) {
                outcomes.accept(context.channel(), outcome);
            }
        }
    }
}

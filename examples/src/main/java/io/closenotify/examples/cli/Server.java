package io.closenotify.examples.cli;

import io.closenotify.drain.Drain;
import io.closenotify.drain.DrainPolicy;
import io.closenotify.drain.DrainReport;
import io.closenotify.drain.DrainedPeer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A listener and its connections. */
final class Server {

    private static final Duration PROGRESS = Duration.ofSeconds(1);

    private final EventLoopGroup loop = new NioEventLoopGroup(1);
    private final BiConsumer<Drain.Builder, Channel> toDrain;
    private final Log log;
    private final Channel listener;
    private volatile boolean draining;

    /**
     * Opens the listener of a protocol.
     *
     * @param binding binds, with the loop for the listener and its connections
     * @param toDrain adds the listener to a drain
     */
    Server(Function<EventLoopGroup, ChannelFuture> binding, BiConsumer<Drain.Builder, Channel> toDrain,
            String host, int port, Log log) throws IOException {
        this.toDrain = toDrain;
        this.log = log;
        ChannelFuture bound = binding.apply(loop).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            stopLoop();
            throw new IOException("cannot listen on " + new HostAndPort(host, port) + ": "
                    + Failures.describe(bound.cause()), bound.cause());
        }
        listener = bound.channel();
    }

    int port() {
        return ((InetSocketAddress) listener.localAddress()).getPort();
    }

    /** Waits until the listener is closed, and until the drain, if that has closed it, is over. */
    void awaitEnd() throws InterruptedException {
        listener.closeFuture().await();
        if (draining) {
            loop.terminationFuture().await();
        }
    }

    /**
     * Refuses new connections, shuts every connection down by its policy, and forces those that are not done in time.
     *
     * @return how many were forced
     */
    int drain(DrainPolicy policy) {
        draining = true;
        Drain.Builder drain = Drain.builder()
                .policy(policy.toBuilder().hooks(AfterTls::endConnection).build())
                .progress(PROGRESS, progress -> log.say("drain: " + progress));
        toDrain.accept(drain, listener);
        DrainReport report = drain.build().start().awaitUninterruptibly().getNow();
        // What is still queued there, the last reports among it, runs first.
        stopLoop();
        log.say("drain: done, " + report);
        report.worst().stream().filter(Server::isBad).forEach(this::name);
        return report.forced();
    }

    private static boolean isBad(DrainedPeer peer) {
        return peer.forced() || (peer.result() != null && !peer.result().isSuccess());
    }

    private void name(DrainedPeer peer) {
        String cause = Failures.text(peer.cause());
        log.say("drain: " + (peer.forced() ? "forced " : "failed ") + address(peer.address())
                + (peer.result() == null ? "" : ", " + Labels.of(peer.result()))
                + " after " + peer.elapsed().toMillis() + " ms" + (cause == null ? "" : ": " + cause));
    }

    private static String address(@Nullable SocketAddress address) {
        return address instanceof InetSocketAddress internet
                ? NetUtil.toSocketAddressString(internet) : String.valueOf(address);
    }

    /** Ends at once. */
    void stop() {
        listener.close().awaitUninterruptibly();
        stopLoop();
    }

    private void stopLoop() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}

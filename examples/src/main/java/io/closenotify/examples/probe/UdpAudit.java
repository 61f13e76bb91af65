package io.closenotify.examples.probe;

import io.closenotify.Protocol;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One audit over UDP: connections one after the other, on one event loop, and what they have shown so far. */
public abstract class UdpAudit {

    private final Protocol protocol;
    private final String host;
    private final InetSocketAddress peer;
    private final EventLoopGroup loop;
    private final List<Recorder> recorders = new ArrayList<>();
    private final List<Verdict> verdicts = new ArrayList<>();
    private String negotiated = "";

    /**
     * Prepares an audit.
     *
     * @param protocol what to audit by
     * @param host the peer's name or address
     * @param port the peer's port
     */
    protected UdpAudit(Protocol protocol, String host, int port) {
        this.protocol = protocol;
        this.host = host;
        peer = new InetSocketAddress(host, port);
        loop = new NioEventLoopGroup(1,
                new DefaultThreadFactory("probe-" + protocol.name().toLowerCase(Locale.ROOT), true));
    }

    /**
     * Makes the audit, once.
     *
     * @return what it has shown, and why it went no further
     * @throws InterruptedException if the thread was interrupted
     */
    public final ProbeReport report() throws InterruptedException {
        Instant started = Instant.now();
        long start = System.nanoTime();
        String failure = null;
        try {
            if (peer.isUnresolved()) {
                throw new IOException("unknown host: " + host);
            }
            run();
        } catch (IOException e) {
            failure = e.getMessage();
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
        return new ProbeReport(ProbeReport.target(host, peer.getPort()), protocol, negotiated, started,
                Duration.ofNanos(System.nanoTime() - start), List.copyOf(verdicts),
                recorders.stream().map(Recorder::exchange).toList(), failure);
    }

    /**
     * Asks and judges.
     *
     * @throws IOException if the peer cannot be audited any further
     * @throws InterruptedException if the thread was interrupted
     */
    protected abstract void run() throws IOException, InterruptedException;

    /**
     * Begins the next exchange.
     *
     * @param id as {@link Exchange#id()}
     * @param title as {@link Exchange#title()}
     * @return where to note what happens in it
     */
    protected final Recorder begin(String id, String title) {
        Recorder recorder = new Recorder(id, title);
        recorders.add(recorder);
        return recorder;
    }

    /**
     * Returns the exchange that was begun last.
     *
     * @return where to note what happens in it
     */
    protected final Recorder latest() {
        return recorders.get(recorders.size() - 1);
    }

    /**
     * Adds a verdict.
     *
     * @param verdict behind those so far
     */
    protected final void add(Verdict verdict) {
        verdicts.add(verdict);
    }

    /**
     * Tells what was negotiated.
     *
     * @param what as {@link ProbeReport#negotiated()}
     */
    protected final void negotiated(String what) {
        negotiated = what;
    }

    /**
     * Returns the peer's name or address.
     *
     * @return as it was given
     */
    protected final String host() {
        return host;
    }

    /**
     * Returns the peer's address.
     *
     * @return resolved, while the audit runs
     */
    protected final InetSocketAddress peer() {
        return peer;
    }

    /**
     * Returns the event loop of the connections.
     *
     * @return one thread
     */
    protected final EventLoopGroup loop() {
        return loop;
    }
}

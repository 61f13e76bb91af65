package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Our side, with a {@link TlsShutdownHandler}, and a scripted peer, a stock {@code SslHandler}; joined by hand, in
 * frozen time. What we send is kept record by record.
 */
final class EmbeddedTlsPair implements AutoCloseable {

    final EmbeddedChannel ours;
    final EmbeddedChannel peer;
    final Recorder ourApplication;
    final Recorder peerApplication = new Recorder();
    final TlsShutdownHandler handler;
    final SslHandler peerSsl;
    final List<byte[]> ourWire = new ArrayList<>();

    /** With a peer on the JDK engine. */
    EmbeddedTlsPair(TlsSetup setup, boolean client, ShutdownPolicy policy, Recorder application) {
        this(setup, setup.with(SslProvider.JDK), client, policy, application);
    }

    EmbeddedTlsPair(TlsSetup setup, TlsSetup peerSetup, boolean client, ShutdownPolicy policy, Recorder application) {
        this(setup.handler(client), peerSetup.handler(!client), client, policy, application);
    }

    EmbeddedTlsPair(SslHandler ssl, SslHandler peerSsl, boolean client, ShutdownPolicy policy, Recorder application) {
        this(ssl, peerSsl, TlsShutdownHandler.builder().policy(policy).build(), application);
    }

    EmbeddedTlsPair(SslHandler ssl, SslHandler peerSsl, TlsShutdownHandler handler, Recorder application) {
        this.peerSsl = peerSsl;
        this.handler = handler;
        ourApplication = application;
        peer = new EmbeddedChannel(peerSsl, peerApplication);
        ours = new EmbeddedChannel(ssl, handler, application);
        ours.freezeTime();
        exchange();
        assertThat(ssl.handshakeFuture().isSuccess()).isTrue();
        ourWire.clear();
    }

    /** Moves everything there is, both ways, until both are quiet. */
    void exchange() {
        boolean moved;
        do {
            moved = toPeer();
            moved |= toUs(takeFromPeer());
        } while (moved);
    }

    /** What we have sent reaches the peer. */
    boolean toPeer() {
        ByteBuf data = takeFromUs();
        if (!data.isReadable()) {
            data.release();
            return false;
        }
        peer.writeInbound(data);
        run();
        return true;
    }

    boolean toUs(ByteBuf data) {
        if (!data.isReadable()) {
            data.release();
            return false;
        }
        ours.writeInbound(data);
        run();
        return true;
    }

    /** What we have sent, kept but on its way to nobody. */
    ByteBuf takeFromUs() {
        run();
        ByteBuf data = take(ours);
        records(data).forEach(ourWire::add);
        return data;
    }

    ByteBuf takeFromPeer() {
        run();
        return take(peer);
    }

    /** The same, with our tasks left waiting. */
    ByteBuf takeFromPeerUnrun() {
        peer.runPendingTasks();
        return take(peer);
    }

    void dropFromPeer() {
        takeFromPeer().release();
    }

    /** Our close_notify is lost on its way. */
    void shutDownUnheard() {
        handler.shutdown();
        takeFromUs().release();
    }

    static ByteBuf take(EmbeddedChannel channel) {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
            all.writeBytes(next);
            next.release();
        }
        return all;
    }

    static List<byte[]> records(ByteBuf data) {
        List<byte[]> records = new ArrayList<>();
        int index = data.readerIndex();
        while (index + 5 <= data.writerIndex()) {
            int length = Math.min(5 + data.getUnsignedShort(index + 3), data.writerIndex() - index);
            records.add(ByteBufUtil.getBytes(data, index, length));
            index += length;
        }
        return records;
    }

    /**
     * Alerts on the wire: seen by type in TLS 1.2, by their length in 1.3 (2 bytes, the type, a 16-byte tag; the JDK
     * pads with 16 bytes more).
     */
    long alertsFromUs(TlsSetup setup) {
        int length = 5 + 2 + 1 + 16 + (setup.boringSsl() ? 0 : 16);
        return ourWire.stream()
                .filter(bytes -> setup.tls13() ? bytes.length == length : bytes[0] == 21).count();
    }

    void peerSendsCloseNotify() {
        peerSsl.closeOutbound();
        run();
    }

    void peerSendsFatalAlert() {
        // A record that cannot be decrypted.
        byte[] garbage = new byte[5 + 64];
        garbage[0] = 23;
        garbage[1] = 3;
        garbage[2] = 3;
        garbage[4] = 64;
        try {
            peer.writeInbound(Unpooled.wrappedBuffer(garbage));
        } catch (RuntimeException e) {
            peerApplication.exceptions.add(e);
        }
        run();
    }

    void peerEndsTransport() {
        ours.unsafe().close(ours.voidPromise());
        run();
    }

    void peerResetsTransport() {
        ours.pipeline().fireExceptionCaught(new IOException("Connection reset by peer"));
        ours.unsafe().close(ours.voidPromise());
        run();
    }

    /** In steps, so that a timer that is armed when another one fires has its time as well. */
    void advance(Duration time) {
        int steps = 16;
        for (int step = 0; step < steps; step++) {
            ours.advanceTimeBy(time.dividedBy(steps).toNanos(), TimeUnit.NANOSECONDS);
            run();
        }
    }

    void run() {
        ours.runPendingTasks();
        peer.runPendingTasks();
    }

    /** Ends a connection that lives on. */
    void finish() {
        ours.unsafe().close(ours.voidPromise());
        run();
        close();
    }

    /** Nothing may be left: no timer, no buffer. */
    @Override
    public void close() {
        assertThat(ours.isOpen()).as("our channel is closed").isFalse();
        assertThat(ours.runScheduledPendingTasks()).as("no timer is left").isEqualTo(-1);
        ours.finishAndReleaseAll();
        peer.unsafe().close(peer.voidPromise());
        peer.runPendingTasks();
        peer.finishAndReleaseAll();
    }
}

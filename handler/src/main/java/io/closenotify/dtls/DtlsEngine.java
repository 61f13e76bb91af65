package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * The JDK's engine, record by record, with the buffers it wants: a destination for the largest record there can be, and
 * a copy of what it reads, which it decrypts in place. Event loop only, but for its tasks.
 */
final class DtlsEngine {

    /** More than the largest record, header and expansion included. */
    private static final int SCRATCH = 20 << 10;
    private static final int LARGEST_FRAGMENT = 1 << 14;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private static final FastThreadLocal<Scratch> SCRATCHES = new FastThreadLocal<>() {
        @Override
        protected Scratch initialValue() {
            return new Scratch(ByteBuffer.allocate(SCRATCH), ByteBuffer.allocate(SCRATCH));
        }
    };

    private final SSLEngine engine;
    private final int mtu;
    private int largestRecord;

    private record Scratch(ByteBuffer in, ByteBuffer out) {
    }

    /**
     * Prepares an engine and begins its handshake.
     *
     * @param mtu what no datagram exceeds
     * @throws SSLException if it cannot begin
     */
    DtlsEngine(SSLEngine engine, int mtu) throws SSLException {
        this.engine = engine;
        this.mtu = mtu;
        // The order matters: what is set before caps what is read, too.
        engine.beginHandshake();
        limitRecords(mtu);
        largestRecord = engine.getSession().getPacketBufferSize();
    }

    SSLEngine sslEngine() {
        return engine;
    }

    HandshakeStatus status() {
        return engine.getHandshakeStatus();
    }

    /** Records that are larger kill the engine. */
    int largestRecord() {
        return largestRecord;
    }

    /** How large a message may be for its record to fit into a datagram. */
    int largestMessage() {
        return Math.min(mtu - DtlsRecord.HEADER - expansion(engine.getSession().getCipherSuite()), LARGEST_FRAGMENT);
    }

    /** By how much encryption makes a message longer, at most: RFC 5288, RFC 7905; RFC 5246, section 6.2.3.2. */
    private static int expansion(String cipherSuite) {
        if (cipherSuite.contains("_GCM_") || cipherSuite.contains("_CCM")) {
            return 8 + 16;
        }
        return cipherSuite.contains("_CHACHA20_") ? 16 : 16 + 48 + 16;
    }

    /** Repetitions of the handshake have made the engine's records smaller, and what it writes would be split. */
    void handshakeCompleted() {
        limitRecords(mtu);
        largestRecord = engine.getSession().getPacketBufferSize();
    }

    /** Sets how large records may be from now on. */
    void limitRecords(int bytes) {
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setMaximumPacketSize(bytes);
        engine.setSSLParameters(parameters);
    }

    /** Wraps a record of the engine's own: handshake or alert. It may have none. */
    Wrapped wrap(ByteBufAllocator allocator) throws SSLException {
        return wrap(allocator, NOTHING.duplicate());
    }

    /** Wraps a message; the record is {@code null}, or the message partly consumed, if the engine would not have it. */
    Wrapped wrap(ByteBufAllocator allocator, ByteBuffer message) throws SSLException {
        ByteBuffer out = SCRATCHES.get().out();
        out.clear();
        SSLEngineResult result = engine.wrap(message, out);
        out.flip();
        return new Wrapped(out.hasRemaining() ? allocator.ioBuffer(out.remaining()).writeBytes(out) : null, result);
    }

    /**
     * A record to be sent.
     *
     * @param record to be released, or {@code null} if there was none
     */
    record Wrapped(@Nullable ByteBuf record, SSLEngineResult result) {
    }

    /** Feeds a record, which keeps its indexes; without one, goes on with what the engine has kept. */
    Unwrapped unwrap(ByteBufAllocator allocator, @Nullable ByteBuf record) throws SSLException {
        Scratch scratch = SCRATCHES.get();
        ByteBuffer in = scratch.in();
        in.clear();
        if (record != null) {
            in.limit(record.readableBytes());
            record.getBytes(record.readerIndex(), in);
        }
        in.flip();
        ByteBuffer out = scratch.out();
        out.clear();
        SSLEngineResult result = engine.unwrap(in, out);
        out.flip();
        return new Unwrapped(out.hasRemaining() ? allocator.buffer(out.remaining()).writeBytes(out) : null, result);
    }

    /**
     * What a record held.
     *
     * @param data to be released, or {@code null} if it held no application data
     */
    record Unwrapped(@Nullable ByteBuf data, SSLEngineResult result) {

        /** The number of the record or message, which is authentic; -1 if there was none, or of another epoch. */
        long sequenceIn(int epoch) {
            long number = result.sequenceNumber();
            return number >>> 48 == epoch ? number & 0xFFFF_FFFF_FFFFL : -1;
        }

        /** Whether the record was authentic: the engine says nothing of those that it has dropped. */
        boolean isAuthentic() {
            return result.sequenceNumber() >= 0;
        }
    }
}

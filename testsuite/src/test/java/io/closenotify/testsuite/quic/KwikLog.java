package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Predicate;
import tech.kwik.core.frame.ConnectionCloseFrame;
import tech.kwik.core.frame.HandshakeDoneFrame;
import tech.kwik.core.frame.QuicFrame;
import tech.kwik.core.frame.StreamFrame;
import tech.kwik.core.log.NullLogger;
import tech.kwik.core.packet.QuicPacket;

/**
 * Sees every packet that kwik sends and receives, and keeps what its events leave out: each CONNECTION_CLOSE frame,
 * also those that come in the closing and the draining state, and what arrived of each stream, read or not.
 */
final class KwikLog extends NullLogger {

    /** A close frame and the connection id of the packet that carried it. */
    record Received(String connectionId, CloseFrame frame) {
    }

    /** What arrived of a stream: bytes without a gap from the first one on, and whether the FIN is behind them. */
    record Arrival(long bytes, boolean fin) {
    }

    private record StreamKey(String connectionId, int streamId) {
    }

    static {
        // Kwik asserts that a round trip takes a millisecond (LossDetector.detectLostPackets). On loopback that is
        // not always so, and about one connection in fifty dies of it; without the assertion 500 of 500 went well.
        KwikLog.class.getClassLoader().setPackageAssertionStatus("tech.kwik", false);
    }

    private final List<Received> received = new CopyOnWriteArrayList<>();
    private final List<CloseFrame> sent = new CopyOnWriteArrayList<>();
    private final BlockingQueue<CloseFrame> sending = new LinkedBlockingQueue<>();
    private final List<String> errors = new CopyOnWriteArrayList<>();
    private final BlockingQueue<Boolean> changes = new LinkedBlockingQueue<>();
    private final Map<StreamKey, Ranges> streams = new ConcurrentHashMap<>();
    private final BlockingQueue<HandshakeDoneFrame> confirmations = new LinkedBlockingQueue<>();

    static String id(byte[] connectionId) {
        return HexFormat.of().formatHex(connectionId);
    }

    @Override
    public void received(Instant time, int datagram, QuicPacket packet) {
        String id = id(packet.getDestinationConnectionId());
        for (QuicFrame frame : packet.getFrames()) {
            if (frame instanceof ConnectionCloseFrame close) {
                received.add(new Received(id, frame(close)));
                changes.add(true);
            } else if (frame instanceof StreamFrame data) {
                streams.computeIfAbsent(new StreamKey(id, data.getStreamId()), key -> new Ranges()).add(data);
            } else if (frame instanceof HandshakeDoneFrame done) {
                confirmations.add(done);
            }
        }
    }

    @Override
    public void sent(Instant time, QuicPacket packet) {
        sent(time, List.of(packet));
    }

    @Override
    public void sent(Instant time, List<QuicPacket> packets) {
        for (QuicPacket packet : packets) {
            for (QuicFrame frame : packet.getFrames()) {
                if (frame instanceof ConnectionCloseFrame close) {
                    sent.add(frame(close));
                    sending.add(frame(close));
                }
            }
        }
    }

    @Override
    public void error(String message) {
        errors.add(message);
    }

    @Override
    public void error(String message, Throwable error) {
        errors.add(message + ": " + error);
    }

    private static CloseFrame frame(ConnectionCloseFrame frame) {
        return new CloseFrame(frame.getFrameType() == 0x1d, frame.getErrorCode(), frame.getReasonPhrase());
    }

    /** The close frames in packets to these connection ids. */
    List<CloseFrame> received(Predicate<String> connectionIds) {
        return received.stream().filter(each -> connectionIds.test(each.connectionId())).map(Received::frame).toList();
    }

    /** Waits until that many close frames have come in packets to these connection ids. */
    List<CloseFrame> awaitReceived(Predicate<String> connectionIds, int count) throws InterruptedException {
        List<CloseFrame> frames = received(connectionIds);
        while (frames.size() < count) {
            Waits.next(changes, count + " close frames, so far: " + frames);
            frames = received(connectionIds);
        }
        return frames;
    }

    /** Of all connections. */
    List<CloseFrame> sent() {
        return sent;
    }

    /** Waits until this frame is sent. */
    void awaitSent(CloseFrame frame) throws InterruptedException {
        CloseFrame next;
        do {
            next = Waits.next(sending, frame + " sent; so far: " + sent + "; errors: " + errors);
        } while (!next.equals(frame));
    }

    /** Waits until the server of the client whose log this is has confirmed the handshake. */
    void awaitConfirmation() throws InterruptedException {
        Waits.next(confirmations, "HANDSHAKE_DONE; errors: " + errors);
    }

    /** What kwik calls errors, though not all of them are. */
    List<String> errors() {
        return errors;
    }

    Arrival arrived(Predicate<String> connectionIds, int streamId) {
        Ranges ranges = new Ranges();
        streams.forEach((key, value) -> {
            if (key.streamId() == streamId && connectionIds.test(key.connectionId())) {
                ranges.addAll(value);
            }
        });
        return ranges.arrival();
    }

    /** The ranges of a stream that arrived, by first byte; none touches another. */
    private static final class Ranges {

        private final TreeMap<Long, Long> ends = new TreeMap<>();
        private long finalSize = -1;

        synchronized void add(StreamFrame frame) {
            add(frame.getOffset(), frame.getUpToOffset());
            if (frame.isFinal()) {
                finalSize = frame.getUpToOffset();
            }
        }

        private void add(long first, long end) {
            Map.Entry<Long, Long> before = ends.floorEntry(first);
            long start = first;
            if (before != null && before.getValue() >= first) {
                start = before.getKey();
            }
            long last = end;
            for (Map.Entry<Long, Long> next = ends.ceilingEntry(start); next != null && next.getKey() <= last;
                    next = ends.ceilingEntry(start)) {
                last = Math.max(last, next.getValue());
                ends.remove(next.getKey());
            }
            ends.put(start, last);
        }

        /** Only into one that no other thread knows. */
        void addAll(Ranges other) {
            synchronized (other) {
                other.ends.forEach(this::add);
                finalSize = Math.max(finalSize, other.finalSize);
            }
        }

        Arrival arrival() {
            long bytes = ends.getOrDefault(0L, 0L);
            return new Arrival(bytes, bytes == finalSize);
        }
    }
}

package io.closenotify.testsuite.soak;

import static java.util.Objects.requireNonNull;

import io.closenotify.testkit.Direction;
import io.closenotify.testkit.RelayedConnection;
import io.closenotify.testkit.TcpFaultRelay;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import io.netty.handler.ssl.SslProvider;
import java.nio.ByteBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the records that a relay carries, and applies the fault of the scenario. Relay's event loop; what it has
 * seen is read when the relay is closed.
 */
final class TlsWire implements TcpFaultRelay.Tap {

    private static final int HEADER = 5;
    private static final int ALERT = 21;
    private static final int APPLICATION_DATA = 23;

    /** RFC 8446, section 5.2: two bytes of alert, the content type, and a tag of 16. */
    private static final int ENCRYPTED_ALERT = 19;

    /** The JDK's engine pads every record. */
    private static final int JDK_PADDING = 16;

    private static final long HEALED_AFTER_MILLIS = 100;

    private final TlsScenario scenario;
    private final Map<Direction, Stream> streams = new EnumMap<>(Direction.class);
    private boolean applied;

    TlsWire(TlsScenario scenario) {
        this.scenario = scenario;
        for (Direction direction : Direction.values()) {
            SslProvider engine =
                    direction == Direction.TO_SERVER ? scenario.clientEngine() : scenario.serverEngine();
            streams.put(direction, new Stream(ENCRYPTED_ALERT + (engine == SslProvider.JDK ? JDK_PADDING : 0)));
        }
    }

    /**
     * What a relay did with a direction.
     *
     * @param alerts how many close_notify were read from the sender, those of the handshake left out
     * @param alertEnd where the first one ends
     * @param received how many bytes were read from the sender
     * @param forwarded how many were taken by the kernel for the receiver
     * @param limit how many were let through at most
     * @param end how the sender ended the direction, or that the relay did, over a reset; {@code null} if it is
     *     stalled
     * @param fault what was done to it, if anything that lasted
     */
    record Carried(int alerts, long alertEnd, long received, long forwarded, long limit,
            @Nullable End end, @Nullable Fault fault) {

        boolean mayHavePassedAlert() {
            return alerts > 0 && alertEnd <= Math.min(received, limit);
        }

        boolean passedAlert() {
            return alerts > 0 && alertEnd <= forwarded;
        }

        boolean passedFin() {
            return end == End.FIN || fault == Fault.FIN;
        }
    }

    @Override
    public void read(RelayedConnection connection, Direction direction, ByteBuffer bytes) {
        Stream stream = streams.get(direction);
        if (stream == null) {
            return;
        }
        long from = stream.offset;
        stream.read(bytes);
        if (applied || direction != scenario.direction()) {
            return;
        }
        long at = switch (scenario.place()) {
            case BYTE -> scenario.atByte();
            case BEFORE_ALERT -> stream.alerts > 0 ? stream.alertStart : Long.MAX_VALUE;
            case INSIDE_ALERT -> stream.alerts > 0 ? stream.alertStart + HEADER + 1 : Long.MAX_VALUE;
            case AFTER_ALERT -> stream.alerts > 0 ? stream.alertEnd : Long.MAX_VALUE;
            case NOWHERE, SLOW -> Long.MAX_VALUE;
        };
        if (at <= stream.offset) {
            apply(connection, direction, stream, Math.max(from, at), Math.max(from, at) - from);
        }
    }

    private void apply(RelayedConnection connection, Direction direction, Stream stream, long at, long more) {
        applied = true;
        stream.limit = at;
        stream.fault = scenario.fault();
        connection.cut(direction, more, scenario.fault());
        if (scenario.isHealing()) {
            CompletableFuture.delayedExecutor(HEALED_AFTER_MILLIS, TimeUnit.MILLISECONDS).execute(() -> {
                stream.limit = Long.MAX_VALUE;
                stream.fault = null;
                connection.resume(direction);
            });
        }
    }

    Carried carried(RelayedConnection connection, Direction direction) {
        Stream stream = requireNonNull(streams.get(direction));
        return new Carried(stream.alerts, stream.alertEnd, connection.received(direction),
                connection.forwarded(direction), stream.limit, connection.end(direction).getNow(null),
                stream.fault);
    }

    private final class Stream {

        private final int encryptedAlert;
        private final byte[] header = new byte[HEADER];
        private int headerBytes;
        private long offset;
        private long recordEnd;
        private int alerts;
        private long alertStart;
        private long alertEnd;
        private volatile long limit = Long.MAX_VALUE;
        private volatile @Nullable Fault fault;

        Stream(int encryptedAlert) {
            this.encryptedAlert = encryptedAlert;
        }

        void read(ByteBuffer bytes) {
            while (bytes.hasRemaining()) {
                if (offset < recordEnd) {
                    int skipped = (int) Math.min(recordEnd - offset, bytes.remaining());
                    bytes.position(bytes.position() + skipped);
                    offset += skipped;
                } else {
                    header[headerBytes++] = bytes.get();
                    offset++;
                    if (headerBytes == HEADER) {
                        headerBytes = 0;
                        record(header[0], (header[3] & 0xff) << 8 | (header[4] & 0xff));
                    }
                }
            }
        }

        private void record(int type, int length) {
            recordEnd = offset + length;
            boolean alert = scenario.version().equals("TLSv1.3")
                    ? type == APPLICATION_DATA && length == encryptedAlert
                    // In the clear until ChangeCipherSpec: then it is longer than the two bytes of an alert.
                    : type == ALERT && length > 2;
            if (alert) {
                if (alerts == 0) {
                    alertStart = offset - HEADER;
                    alertEnd = recordEnd;
                }
                alerts++;
            }
        }
    }
}

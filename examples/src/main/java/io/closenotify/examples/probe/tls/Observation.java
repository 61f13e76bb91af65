package io.closenotify.examples.probe.tls;

import io.closenotify.examples.probe.Exchange;
import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Exchange.Event;
import io.closenotify.tls.TlsRecord;
import io.closenotify.tls.TlsRecordListener;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is seen of one connection: the records as they pass, named by what the engine makes of them. Bounded, whatever
 * the peer sends. Any thread.
 */
final class Observation implements TlsRecordListener {

    static final long NEVER = -1;

    /** More than any answer to our small requests; what sends more floods. */
    private static final long MOST_BYTES = 32L << 20;
    private static final int MOST_EVENTS = 300;

    /** How often a peer that goes on sending is waited for again. */
    private static final int MOST_PATIENCES = 5;

    /** What TLS 1.3 adds to the data of a record, unless it pads: the content type, the tag. */
    private static final int ENCRYPTION = 1 + 16;
    private static final long NO_SIZE = -1;
    private static final String ENCRYPTED = "encrypted";
    private static final String ALERT = "alert";
    private static final String CLOSE_NOTIFY = "close_notify";
    private static final String APPLICATION_DATA = "application_data";

    private final String id;
    private final String title;
    private final long start = System.nanoTime();
    private final List<Seen> events = new ArrayList<>();
    private final HttpResponses responses = new HttpResponses();
    private @Nullable Runnable onFlood;
    private long eventsLeftOut;
    private @Nullable Seen lastRecord;
    private boolean tls13;
    private boolean connected;
    private boolean handshaken;
    private boolean closing;
    private long toSend;
    private @Nullable String failure;
    private @Nullable String alert;
    private boolean flooded;
    private boolean closed;
    private long bytesOnWire;
    private long dataBytes;
    private long dataBytesAfterCloseNotify;
    private long wireBytesAfterCloseNotify;
    private long closeNotifySent = NEVER;
    private long finSent = NEVER;
    private long closeNotifyReceived = NEVER;
    private long finReceived = NEVER;
    private long rstReceived = NEVER;
    private long alertReceived = NEVER;
    private long lastData = NEVER;

    Observation(String id, String title) {
        this.id = id;
        this.title = title;
    }

    /** One line of the record; what a received record holds may be known later than that it came. */
    private static final class Seen {

        private final long micros;
        private final Direction direction;
        private final long bytes;
        private String what;

        Seen(long micros, Direction direction, String what, long bytes) {
            this.micros = micros;
            this.direction = direction;
            this.what = what;
            this.bytes = bytes;
        }
    }

    // What is seen

    @Override
    public synchronized void onRecord(TlsRecord record) {
        Direction direction =
                record.direction() == TlsRecord.Direction.SENT ? Direction.SENT : Direction.RECEIVED;
        long bytes = (long) record.length() + TlsRecord.HEADER_LENGTH;
        String what = name(record);
        if (direction == Direction.RECEIVED) {
            bytesOnWire += bytes;
            if (closeNotifySent != NEVER) {
                wireBytesAfterCloseNotify += bytes;
            }
        } else if (what.equals(CLOSE_NOTIFY) && closeNotifySent == NEVER) {
            closeNotifySent = micros(record.nanoTime());
        }
        Seen seen = new Seen(micros(record.nanoTime()), direction, what, bytes);
        add(seen);
        if (direction == Direction.RECEIVED) {
            lastRecord = seen;
        }
        if (bytesOnWire > MOST_BYTES && !flooded) {
            flooded = true;
            note("more than " + MOST_BYTES + " bytes: given up");
            if (onFlood != null) {
                onFlood.run();
            }
        }
        notifyAll();
    }

    private String name(TlsRecord record) {
        boolean sent = record.direction() == TlsRecord.Direction.SENT;
        return switch (record.contentType()) {
            case TlsRecord.CHANGE_CIPHER_SPEC -> "change_cipher_spec";
            case TlsRecord.ALERT -> sent && closing ? CLOSE_NOTIFY : ALERT;
            case TlsRecord.HANDSHAKE -> "handshake";
            case TlsRecord.APPLICATION_DATA -> {
                if (!handshaken) {
                    yield "handshake, encrypted";
                }
                if (!tls13) {
                    yield APPLICATION_DATA;
                }
                if (sent && toSend > 0) {
                    toSend -= record.length() - ENCRYPTION;
                    yield APPLICATION_DATA;
                }
                yield sent && closing ? CLOSE_NOTIFY : ENCRYPTED;
            }
            default -> "record of type " + record.contentType();
        };
    }

    @Override
    public synchronized void onTransportEnd(TlsRecord.Direction direction, TransportEnd end, long nanoTime) {
        boolean sent = direction == TlsRecord.Direction.SENT;
        if (sent && finSent == NEVER) {
            finSent = micros(nanoTime);
        } else if (!sent && end == TransportEnd.FIN && finReceived == NEVER) {
            finReceived = micros(nanoTime);
        } else if (!sent && end == TransportEnd.RST && rstReceived == NEVER) {
            rstReceived = micros(nanoTime);
        }
        add(new Seen(micros(nanoTime), sent ? Direction.SENT : Direction.RECEIVED, end.name(), -1));
        notifyAll();
    }

    @Override
    public synchronized void onGarbage(TlsRecord.Direction direction, long nanoTime) {
        note(direction == TlsRecord.Direction.SENT ? "sent what is no TLS" : "received what is no TLS");
    }

    synchronized void connected() {
        connected = true;
        note("connected");
    }

    synchronized void handshaken(boolean isTls13) {
        handshaken = true;
        tls13 = isTls13;
        notifyAll();
    }

    synchronized void data(ByteBuf data) {
        int bytes = data.readableBytes();
        if (bytes == 0) {
            return;
        }
        dataBytes += bytes;
        lastData = micros(System.nanoTime());
        if (closeNotifySent != NEVER) {
            dataBytesAfterCloseNotify += bytes;
        }
        responses.add(data);
        rename(bytes + ENCRYPTION + TlsRecord.HEADER_LENGTH, APPLICATION_DATA);
        notifyAll();
    }

    synchronized void closeNotify() {
        if (closeNotifyReceived == NEVER) {
            Seen seen = rename(NO_SIZE, CLOSE_NOTIFY);
            closeNotifyReceived = seen == null ? micros(System.nanoTime()) : seen.micros;
            notifyAll();
        }
    }

    synchronized void alert(String name) {
        if (alert == null) {
            alert = name;
            Seen seen = rename(NO_SIZE, ALERT + ' ' + name);
            alertReceived = seen == null ? micros(System.nanoTime()) : seen.micros;
            notifyAll();
        }
    }

    /** Names a record received that is not named yet: the first of this size, else the last. */
    private @Nullable Seen rename(long bytes, String what) {
        Seen chosen = null;
        for (Seen seen : events) {
            if (seen.direction == Direction.RECEIVED && (seen.what.equals(ENCRYPTED) || seen.what.equals(ALERT))) {
                chosen = seen;
                if (seen.bytes == bytes) {
                    break;
                }
            }
        }
        if (eventsLeftOut > 0 && (chosen == null || chosen.bytes != bytes)) {
            // It is one of those left out.
            return lastRecord;
        }
        if (chosen != null) {
            chosen.what = what;
        }
        return chosen;
    }

    synchronized void failed(String reason) {
        if (failure == null) {
            failure = reason;
            notifyAll();
        }
    }

    synchronized void closed() {
        closed = true;
        responses.end(closeNotifyReceived != NEVER);
        notifyAll();
    }

    /** Nothing to see, but something that was waited for. */
    synchronized void changed() {
        notifyAll();
    }

    synchronized void note(String what) {
        add(new Seen(micros(System.nanoTime()), Direction.NOTE, what, -1));
    }

    private void add(Seen seen) {
        if (events.size() < MOST_EVENTS || seen.direction == Direction.NOTE || seen.bytes < 0) {
            events.add(seen);
        } else {
            eventsLeftOut++;
        }
    }

    private long micros(long nanoTime) {
        return (nanoTime - start) / 1_000;
    }

    // What is done about it

    synchronized void onFlood(Runnable action) {
        onFlood = action;
    }

    /** So much data is about to be sent. */
    synchronized void sending(int bytes) {
        toSend += bytes;
    }

    /** From now on what we send behind our data is close_notify. */
    synchronized void closing() {
        closing = true;
    }

    /** Waits, and tells whether it came to be. */
    synchronized boolean await(BooleanSupplier condition, Duration atMost) throws InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            long left = (end - System.nanoTime() + 999_999) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    /**
     * Waits until nothing has come for so long, for whoever is still sending has not fallen silent; but not for ever.
     */
    synchronized boolean awaitUnlessSilent(BooleanSupplier condition, Duration silence) throws InterruptedException {
        boolean came = false;
        long before = -1;
        for (int i = 0; i < MOST_PATIENCES && !came && bytesOnWire > before; i++) {
            before = bytesOnWire;
            came = await(condition, silence);
        }
        return came;
    }

    /** Waits for the end of TCP by the peer. */
    boolean awaitEnd(Duration silence) throws InterruptedException {
        awaitUnlessSilent(() -> ended() || closed, silence);
        return ended();
    }

    // What was seen

    synchronized Exchange exchange() {
        List<Event> list = new ArrayList<>();
        for (Seen seen : events) {
            list.add(new Event(seen.micros, seen.direction, seen.what, seen.bytes));
        }
        if (eventsLeftOut > 0) {
            list.add(new Event(list.get(list.size() - 1).micros(), Direction.NOTE,
                    eventsLeftOut + " more records left out", -1));
        }
        return new Exchange(id, title, List.copyOf(list));
    }

    String id() {
        return id;
    }

    /** The peer has ended TCP, or was given up. */
    synchronized boolean ended() {
        return finReceived != NEVER || rstReceived != NEVER || flooded;
    }

    /** The peer has ended anything. */
    synchronized boolean answered() {
        return closeNotifyReceived != NEVER || alert != null || ended();
    }

    synchronized boolean isTls13() {
        return tls13;
    }

    synchronized boolean isConnected() {
        return connected;
    }

    synchronized boolean isHandshaken() {
        return handshaken;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    synchronized boolean isFlooded() {
        return flooded;
    }

    synchronized @Nullable String failure() {
        return failure;
    }

    synchronized @Nullable String alert() {
        return alert;
    }

    synchronized boolean isHttp() {
        return responses.any();
    }

    synchronized boolean isWholeHttp() {
        return responses.whole();
    }

    synchronized long dataBytes() {
        return dataBytes;
    }

    synchronized long dataBytesAfterCloseNotify() {
        return dataBytesAfterCloseNotify;
    }

    synchronized long wireBytesAfterCloseNotify() {
        return wireBytesAfterCloseNotify;
    }

    synchronized boolean gotCloseNotify() {
        return closeNotifyReceived != NEVER;
    }

    synchronized boolean gotFin() {
        return finReceived != NEVER;
    }

    synchronized boolean gotRst() {
        return rstReceived != NEVER;
    }

    synchronized long closeNotifySentAt() {
        return closeNotifySent;
    }

    synchronized long closeNotifyReceivedAt() {
        return closeNotifyReceived;
    }

    synchronized long finSentAt() {
        return finSent;
    }

    /** By FIN or RST, whichever came first. */
    synchronized long endReceivedAt() {
        return finReceived != NEVER ? finReceived : rstReceived;
    }

    synchronized long alertReceivedAt() {
        return alertReceived;
    }

    synchronized long lastDataAt() {
        return lastData;
    }
}

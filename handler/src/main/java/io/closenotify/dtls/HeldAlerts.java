package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Alerts on their way to the engine. It answers close_notify at once, and neither reads nor writes behind it. Hence an
 * alert waits until the application has handled what came before, and, for a short time, for records that were sent
 * before it and are still missing: a network may deliver them later. Whether the alert is forged is not known yet, and
 * does not matter: nothing but the waiting depends on it. Event loop only.
 */
final class HeldAlerts {

    /** Of a peer there is one that counts. */
    private static final int MOST = 4;

    private final DtlsConnection connection;
    private final ChannelHandlerContext context;
    private final Duration grace;
    private final Queue<ByteBuf> held = new ArrayDeque<>(1);
    private @Nullable Future<?> timer;

    HeldAlerts(DtlsConnection connection, ChannelHandlerContext context, Duration grace) {
        this.connection = connection;
        this.context = context;
        this.grace = grace;
    }

    boolean isEmpty() {
        return held.isEmpty();
    }

    /** Takes an alert, which stays the caller's. */
    void hold(ByteBuf alert) {
        if (held.contains(alert)) {
            // Sent again.
            return;
        }
        if (held.size() >= MOST) {
            decryptFirst();
        }
        if (connection.isCurrent()) {
            held.add(alert.copy());
        }
    }

    /** The application has handled what came before. */
    void release() {
        while (!held.isEmpty() && !isWaiting(held.element())) {
            decryptFirst();
        }
    }

    /** One that was missing, perhaps. */
    void recordArrived() {
        if (timer != null && !held.isEmpty() && !connection.lacksBefore(held.element())) {
            cancel();
        }
    }

    private boolean isWaiting(ByteBuf alert) {
        if (grace.isZero() || !connection.lacksBefore(alert)) {
            return false;
        }
        if (timer == null) {
            timer = context.executor().schedule(this::graceOver, grace.toNanos(), TimeUnit.NANOSECONDS);
        }
        return true;
    }

    private void graceOver() {
        timer = null;
        while (!held.isEmpty()) {
            decryptFirst();
        }
    }

    private void decryptFirst() {
        ByteBuf alert = held.remove();
        try {
            connection.decrypt(alert);
        } finally {
            alert.release();
        }
    }

    private void cancel() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    void clear() {
        cancel();
        held.forEach(ByteBuf::release);
        held.clear();
    }
}

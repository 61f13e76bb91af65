package io.closenotify.driver;

import io.closenotify.InboundPolicy;
import io.closenotify.Protocol;
import io.closenotify.ShutdownInitiator;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.core.MachineState;
import io.closenotify.core.MachineState.Receive;
import io.closenotify.core.Phase;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What the outcome will tell: times, bytes and causes. Event loop only. */
public final class ShutdownBooks {

    private final Protocol protocol;
    private final LongSupplier clock;
    private @Nullable Throwable cause;
    private @Nullable String lastAlert;

    private long phaseStart;
    private long flushNanos;
    private long peerNanos;
    private long lingerNanos;

    private long bytesDelivered;
    private long bytesDiscarded;
    private long bytesOnDemand;
    private int repeats;
    private long missingAtMost = -1;

    public ShutdownBooks(Protocol protocol, LongSupplier clock) {
        this.protocol = protocol;
        this.clock = clock;
        phaseStart = clock.getAsLong();
    }

    /** The first cause is the one that is told. */
    public void note(Throwable reason) {
        if (cause == null) {
            cause = reason;
        }
    }

    public void noteAlert(@Nullable String name) {
        if (name != null) {
            lastAlert = name;
        }
    }

    public void delivered(int bytes) {
        bytesDelivered += bytes;
    }

    public void discarded(int bytes) {
        bytesDiscarded += bytes;
    }

    /**
     * Tells whether application data that has come after our close_notify, and is about to be booked, is more than the
     * policy accepts. What is read on demand is not limited, and does not count when that is over.
     */
    public boolean exceedsCap(int bytes, ShutdownPolicy policy) {
        if (policy.inboundAfterCloseNotify() == InboundPolicy.ON_DEMAND) {
            bytesOnDemand += bytes;
            return false;
        }
        return bytesDelivered + bytesDiscarded - bytesOnDemand + bytes > policy.inboundCap();
    }

    /** Our close_notify was sent again. */
    public void repeated() {
        repeats++;
    }

    /** So many records, at most, that the peer sent before its close_notify never arrived. */
    public void missingAtMost(long records) {
        missingAtMost = records;
    }

    public void phaseEnded(Phase phase) {
        long now = clock.getAsLong();
        book(phase, now - phaseStart);
        phaseStart = now;
    }

    private void book(Phase phase, long nanos) {
        switch (phase) {
            case ABANDON, FLUSH, TICKETS, SEND -> flushNanos += nanos;
            case AWAIT_PEER -> peerNanos += nanos;
            case LINGER -> lingerNanos += nanos;
            case HANDSHAKE, OPEN, PEER_CLOSED, RELEASE, TERMINATED -> {
                // Not part of a shutdown, or no time at all.
            }
        }
    }

    public ShutdownOutcome close(MachineState state, ShutdownResult result, long bytesNotFlushed, boolean transportKept,
            boolean sessionResumable) {
        phaseEnded(state.phase());
        if (state.receive() == Receive.FORGIVEN) {
            note(new TruncationException(
                    "end of input before the peer's close_notify, which cut no message or is ignored"));
        } else if (result == ShutdownResult.TRUNCATED) {
            note(new TruncationException());
        }
        return new ShutdownOutcome(
                protocol,
                result,
                state.initiator() == null ? ShutdownInitiator.TRANSPORT : state.initiator(),
                state.mode(),
                state.closeNotifySent(),
                state.closeNotifyReceived(),
                lastAlert,
                bytesDelivered,
                bytesDiscarded,
                bytesNotFlushed,
                Duration.ofNanos(flushNanos),
                Duration.ofNanos(peerNanos),
                Duration.ofNanos(lingerNanos),
                transportKept,
                sessionResumable,
                repeats,
                missingAtMost,
                cause);
    }
}

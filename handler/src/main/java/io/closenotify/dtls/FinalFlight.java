package io.closenotify.dtls;

import io.netty.channel.ChannelHandlerContext;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The flight that ends the handshake. Nobody answers it: when it is lost the peer repeats its own, and is to be
 * answered by this one (RFC 6347, section 4.2.4), which the JDK's engine does not do. What makes us repeat it is not
 * authenticated; hence the limits.
 */
final class FinalFlight {

    /** Two maximum segment lifetimes. */
    private static final long LIFETIME = TimeUnit.MINUTES.toNanos(4);
    private static final int MOST_REPETITIONS = 32;

    private final Flight flight;
    private final LongSupplier clock;
    private final long interval;
    private final long made;
    private long last;
    private int repetitions;

    /** @param interval between two repetitions, at least, in nanoseconds */
    FinalFlight(Flight flight, LongSupplier clock, long interval) {
        this.flight = flight;
        this.clock = clock;
        this.interval = interval;
        made = clock.getAsLong();
        last = made - interval;
    }

    /** Answers a record of the handshake that came after it was done. */
    void answer(ChannelHandlerContext context) {
        long now = clock.getAsLong();
        if (now - last >= interval && repetitions < MOST_REPETITIONS && now - made < LIFETIME) {
            last = now;
            repetitions++;
            flight.send(context);
        }
    }
}

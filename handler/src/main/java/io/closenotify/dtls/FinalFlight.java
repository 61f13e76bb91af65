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

    private final Flight flight;
    private final LongSupplier clock;
    private final AnswerLimit limit;
    private final long made;

    /** @param interval between two repetitions, at least, in nanoseconds */
    FinalFlight(Flight flight, LongSupplier clock, long interval) {
        this.flight = flight;
        this.clock = clock;
        limit = new AnswerLimit(clock, interval);
        made = clock.getAsLong();
    }

    /** Answers a record of the handshake that came after it was done. */
    void answer(ChannelHandlerContext context) {
        if (clock.getAsLong() - made < LIFETIME && limit.take()) {
            flight.send(context);
        }
    }
}

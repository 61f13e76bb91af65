package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.function.Predicate;

/**
 * Decides what a {@link UdpFaultRelay} does with a datagram.
 *
 * <p><b>Threading.</b> Called on the event loop of the relay, one datagram at a time; it must not block.
 *
 * <p><b>Errors.</b> If it throws, the datagram is dropped and Netty logs the exception as a warning.
 */
@FunctionalInterface
public interface DatagramRule {

    /**
     * Decides on a datagram that has just arrived.
     *
     * @param datagram the datagram
     * @return what to do with it
     */
    Verdict decide(Datagram datagram);

    /**
     * Makes a rule that decides on some datagrams of one direction and has nothing to say on others.
     *
     * @param direction the direction
     * @param which tells on which it decides
     * @param verdict what is done with them
     * @return the rule
     */
    static DatagramRule of(Direction direction, Predicate<? super Datagram> which, Verdict verdict) {
        requireNonNull(direction, "direction");
        requireNonNull(which, "which");
        requireNonNull(verdict, "verdict");
        return datagram -> datagram.direction() == direction && which.test(datagram) ? verdict : Verdict.UNDECIDED;
    }

    /** What is done with a datagram. */
    enum Verdict {

        /** This rule has nothing to say: the next one decides, and after the last one the rates do. */
        UNDECIDED,

        /** It passes, after the delay of its direction; no further rule is asked, and no rate applies. */
        PASS,

        /** It is lost. */
        DROP,

        /** It passes twice, one directly after the other. */
        DUPLICATE,

        /** It is held back, so that later ones overtake it; see {@link UdpFaultRelay.Builder#hold}. */
        HOLD
    }

    /**
     * A datagram that has arrived at the relay.
     *
     * @param direction where it goes
     * @param ordinal its number among those of its direction and client, counted from 1
     * @param client the client that it comes from or goes to
     * @param content its payload
     */
    record Datagram(Direction direction, long ordinal, InetSocketAddress client, ByteBuffer content) {

        /**
         * Creates a datagram, for instance to try a rule.
         *
         * @param direction where it goes
         * @param ordinal its number, counted from 1
         * @param client the client that it comes from or goes to
         * @param content its payload
         */
        public Datagram {
            requireNonNull(direction, "direction");
            requireNonNull(client, "client");
            content = content.asReadOnlyBuffer();
        }

        /**
         * Returns the payload.
         *
         * @return a read-only view with a position of its own
         */
        @Override
        public ByteBuffer content() {
            return content.duplicate();
        }

        /**
         * Returns the length of the payload.
         *
         * @return the number of bytes
         */
        public int length() {
            return content.remaining();
        }
    }
}

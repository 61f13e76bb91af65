package io.closenotify.testsuite.soak;

import io.closenotify.testkit.Direction;
import java.util.SplittableRandom;

/**
 * What one connection is to go through. Only the seed and the number determine it.
 *
 * @param <S> what an end does
 */
interface Scenario<S> {

    /** Where no fault can be blamed for anything, and no timer is to run out. */
    String NO_FAULT = "none";

    long number();

    S client();

    S server();

    default S script(Direction sender) {
        return sender == Direction.TO_SERVER ? client() : server();
    }

    /** The protocol with its version. */
    String protocol();

    /** The kind of fault, for the table. */
    String faultName();

    /**
     * Makes the connection, lets it end, and judges.
     *
     * @param endpoints what connections are made with
     * @return what came of it
     */
    Report run(Endpoints endpoints) throws Exception;

    /** Draws a scenario: six of ten are of TLS. */
    static Scenario<?> draw(long seed, long number) {
        // Seeds that lie side by side make generators that have nothing in common.
        SplittableRandom random = new SplittableRandom(new SplittableRandom(seed).nextLong() + number);
        int lot = random.nextInt(10);
        if (lot < 6) {
            return TlsScenario.draw(number, random);
        }
        return lot < 8 ? DtlsScenario.draw(number, random) : QuicScenario.draw(number, random);
    }

    static <E extends Enum<E>> E oneOf(SplittableRandom random, Class<E> type) {
        E[] all = type.getEnumConstants();
        return all[random.nextInt(all.length)];
    }
}

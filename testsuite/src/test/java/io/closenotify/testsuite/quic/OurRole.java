package io.closenotify.testsuite.quic;

import io.closenotify.testkit.Direction;

/** Which end of a connection is ours. */
enum OurRole {
    CLIENT, SERVER;

    /** The direction of what we send. */
    Direction out() {
        return this == CLIENT ? Direction.TO_SERVER : Direction.TO_CLIENT;
    }

    /** The direction of what the peer sends. */
    Direction in() {
        return this == CLIENT ? Direction.TO_CLIENT : Direction.TO_SERVER;
    }
}

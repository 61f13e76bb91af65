package io.closenotify.testkit;

/** One direction of the traffic through a relay. */
public enum Direction {

    /** From the client to the server. */
    TO_SERVER,

    /** From the server to the client. */
    TO_CLIENT;

    /**
     * Returns the other direction.
     *
     * @return where the answers go
     */
    public Direction opposite() {
        return this == TO_SERVER ? TO_CLIENT : TO_SERVER;
    }
}

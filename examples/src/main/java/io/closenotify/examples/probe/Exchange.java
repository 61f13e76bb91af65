package io.closenotify.examples.probe;

import java.util.List;

/**
 * One connection to the peer, as the wire observers saw it.
 *
 * @param id names the scenario for scripts, in lower case with underscores
 * @param title what was done, for people
 * @param events what happened, in order
 */
public record Exchange(String id, String title, List<Event> events) {

    /**
     * Something that happened.
     *
     * @param micros since the beginning of the connection
     * @param direction who did it
     * @param what names it, such as {@code close_notify}, {@code application_data}, {@code FIN} or {@code RST}
     * @param bytes on the wire, or -1 where there is nothing to count
     */
    public record Event(long micros, Direction direction, String what, long bytes) {
    }

    /** Who did something. */
    public enum Direction {

        /** We sent it. */
        SENT,

        /** The peer sent it. */
        RECEIVED,

        /** Nothing on the wire: a remark of ours, such as a pause or a deadline. */
        NOTE
    }
}

package io.closenotify.examples.probe;

import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Exchange.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Notes what happens in one exchange, from any thread, up to a bound. */
public final class Recorder {

    private static final int MOST_EVENTS = 1_000;

    private final String id;
    private final String title;
    private final long start = System.nanoTime();
    private final List<Event> events = new ArrayList<>();

    /**
     * Begins an exchange.
     *
     * @param id as {@link Exchange#id()}
     * @param title as {@link Exchange#title()}
     */
    public Recorder(String id, String title) {
        this.id = id;
        this.title = title;
    }

    /**
     * Notes something that was sent or received.
     *
     * @param direction who did it
     * @param what names it
     * @param bytes on the wire
     */
    public void add(Direction direction, String what, long bytes) {
        add(new Event(micros(), direction, what, bytes));
    }

    /**
     * Notes a remark.
     *
     * @param what the remark
     */
    public void note(String what) {
        add(new Event(micros(), Direction.NOTE, what, -1));
    }

    private long micros() {
        return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - start);
    }

    private synchronized void add(Event event) {
        if (events.size() < MOST_EVENTS) {
            events.add(event);
        } else if (events.size() == MOST_EVENTS) {
            events.add(new Event(event.micros(), Direction.NOTE, "what follows is left out", -1));
        }
    }

    /**
     * Returns the name that verdicts refer to.
     *
     * @return as it was given
     */
    public String id() {
        return id;
    }

    /**
     * Returns what was noted.
     *
     * @return the exchange up to now
     */
    public synchronized Exchange exchange() {
        return new Exchange(id, title, List.copyOf(events));
    }
}

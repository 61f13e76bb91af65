package io.closenotify.examples.probe;

import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Exchange.Event;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The rows of a sequence diagram: events, the long pauses between them, and what was left out. */
final class SequenceRows {

    /** How many events a diagram shows: it fits on a page. Of a longer one its beginning and more of its end. */
    static final int SHOWN = 32;

    private static final int SHOWN_FIRST = 12;
    private static final int SHOWN_LAST = SHOWN - SHOWN_FIRST;
    private static final long LONG_PAUSE_MICROS = 500_000;
    private static final Pattern CLOSING =
            Pattern.compile("^(FIN|RST)\\b|(?i)\\b(close_notify|CONNECTION_CLOSE|alert|stateless reset)\\b");
    private static final Pattern LOST = Pattern.compile("^RST\\b|(?i)\\bstateless reset\\b");

    private final List<Event> events;

    private SequenceRows(List<Event> events) {
        this.events = events;
    }

    /**
     * A row, read from left to right.
     *
     * @param rowStyle the classes it is drawn by
     * @param arrow whether something was sent, or only remarked
     * @param time since the beginning; empty where {@code what} tells
     * @param actor who sent it
     * @param what names it
     * @param bytes empty where there is nothing to count
     */
    record Row(String rowStyle, boolean arrow, String time, String actor, String what, String bytes) {

        private static Row remark(String style, String time, String what) {
            return new Row(style, false, time, "", what, "");
        }
    }

    static List<Row> of(List<Event> events) {
        return new SequenceRows(events).rows();
    }

    private List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        int size = events.size();
        if (size <= SHOWN) {
            add(0, size, rows);
        } else {
            add(0, SHOWN_FIRST, rows);
            rows.add(Row.remark("more", "", leftOut(events.subList(SHOWN_FIRST, size - SHOWN_LAST))));
            add(size - SHOWN_LAST, size, rows);
        }
        return rows;
    }

    private void add(int from, int to, List<Row> rows) {
        for (int i = from; i < to; i++) {
            Event event = events.get(i);
            long pause = i == 0 ? 0 : event.micros() - events.get(i - 1).micros();
            if (pause >= LONG_PAUSE_MICROS) {
                rows.add(Row.remark("pause", "", Figures.time(pause) + " of silence"));
            }
            rows.add(row(event));
        }
    }

    private static Row row(Event event) {
        String time = Figures.time(event.micros());
        String bytes = event.bytes() < 0 ? "" : Figures.bytes(event.bytes());
        return switch (event.direction()) {
            case NOTE -> Row.remark("note", time, event.what());
            case SENT -> new Row("sent" + manner(event), true, time, "Probe", event.what(), bytes);
            case RECEIVED -> new Row("received" + manner(event), true, time, "Peer", event.what(), bytes);
        };
    }

    private static String manner(Event event) {
        String closing = CLOSING.matcher(event.what()).find() ? " closing" : "";
        return LOST.matcher(event.what()).find() ? closing + " lost" : closing;
    }

    private static String leftOut(List<Event> events) {
        long micros = events.get(events.size() - 1).micros() - events.get(0).micros();
        return "… " + Figures.count(events.size(), "more") + " in " + Figures.time(micros) + ": " + traffic(events);
    }

    /** What went which way, such as "2 sent (48 B), 1 received". */
    static String traffic(List<Event> events) {
        return Stream.of(traffic(events, Direction.SENT, "sent"), traffic(events, Direction.RECEIVED, "received"))
                .collect(Collectors.joining(", "));
    }

    private static String traffic(List<Event> events, Direction direction, String name) {
        List<Event> those = events.stream().filter(event -> event.direction() == direction).toList();
        long bytes = those.stream().mapToLong(event -> Math.max(0, event.bytes())).sum();
        return Figures.count(those.size(), name) + (bytes == 0 ? "" : " (" + Figures.bytes(bytes) + ")");
    }
}

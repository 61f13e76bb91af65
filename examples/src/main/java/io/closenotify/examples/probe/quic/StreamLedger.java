package io.closenotify.examples.probe.quic;

import io.closenotify.examples.probe.quic.Frame.StreamData;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Which bytes of the peer's streams have come. Bounded: beyond its bounds it tells that it has lost count. */
final class StreamLedger {

    private static final int MOST_STREAMS = 200;
    private static final int MOST_GAPS = 10_000;

    private final Map<Long, Stream> streams = new HashMap<>();
    private boolean lostCount;

    private static final class Stream {

        /** Begin and end of what came; no two touch each other. */
        final NavigableMap<Long, Long> ranges = new TreeMap<>();
        long end;
        boolean fin;

        long received() {
            return ranges.entrySet().stream().mapToLong(range -> range.getValue() - range.getKey()).sum();
        }
    }

    /**
     * What is known of all streams.
     *
     * @param received bytes that came
     * @param missing bytes before the last one that came, or before the FIN, that did not
     * @param streams how many had data or an end
     * @param ended how many of them had an end
     */
    record Totals(long received, long missing, int streams, int ended) {
    }

    void add(Frame frame) {
        StreamData data = frame.data();
        if (data == null || lostCount) {
            return;
        }
        Stream stream = streams.computeIfAbsent(data.stream(), unused -> new Stream());
        stream.end = Math.max(stream.end, data.end());
        stream.fin |= data.fin();
        if (data.length() > 0) {
            merge(stream.ranges, data.offset(), data.end());
        }
        lostCount = streams.size() > MOST_STREAMS || stream.ranges.size() > MOST_GAPS;
    }

    private static void merge(NavigableMap<Long, Long> ranges, long from, long to) {
        long begin = from;
        long end = to;
        Map.Entry<Long, Long> before = ranges.floorEntry(end);
        while (before != null && before.getValue() >= begin) {
            begin = Math.min(begin, before.getKey());
            end = Math.max(end, before.getValue());
            ranges.remove(before.getKey());
            before = ranges.floorEntry(end);
        }
        ranges.put(begin, end);
    }

    boolean lostCount() {
        return lostCount;
    }

    boolean ended(long stream) {
        Stream known = streams.get(stream);
        return known != null && known.fin;
    }

    Totals totals() {
        long received = streams.values().stream().mapToLong(Stream::received).sum();
        long whole = streams.values().stream().mapToLong(stream -> stream.end).sum();
        return new Totals(received, whole - received, streams.size(),
                (int) streams.values().stream().filter(stream -> stream.fin).count());
    }
}

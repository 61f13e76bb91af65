package io.closenotify.testsuite.bench;

import io.closenotify.testsuite.report.Measurement;
import io.closenotify.testsuite.report.Plot;
import io.closenotify.testsuite.report.Summary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How figures grow from a hundred connections to ten thousand: what is measured of each number of them, as lines. */
final class Growth {

    private final Map<String, Map<Integer, Summary>> lines = new LinkedHashMap<>();

    /** Numbers of connections, each with the number of turns that it is worth. */
    static Map<Integer, Integer> sizes(Effort effort) {
        return new TreeMap<>(effort.of(Map.of(100, 5, 1_000, 3, 10_000, 1), Map.of(10, 1, 20, 1)));
    }

    static String connections(int number) {
        return String.format(Locale.ROOT, "%,d connections: ", number);
    }

    /** Adds both sides of a measurement, as two lines. */
    void add(String other, String ours, int connections, Measurement figures) {
        Summary ofOther = figures.ofOther();
        if (ofOther != null) {
            add(other, connections, ofOther);
        }
        add(ours, connections, figures.ofOurs());
    }

    void add(String line, int connections, Summary figures) {
        lines.computeIfAbsent(line, name -> new TreeMap<>()).putIfAbsent(connections, figures);
    }

    Plot plot(String title, String yAxis) {
        List<Plot.Line> drawn = new ArrayList<>();
        lines.forEach((name, points) -> drawn.add(new Plot.Line(name, points.entrySet().stream()
                .map(point -> new Plot.Point(point.getKey(), point.getValue())).toList())));
        return new Plot(title, "connections", yAxis, Plot.Scale.LOGARITHMIC, drawn);
    }
}

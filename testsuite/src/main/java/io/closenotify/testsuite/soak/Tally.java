package io.closenotify.testsuite.soak;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import io.closenotify.ShutdownResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Counts connections by protocol, fault and result. Any thread. */
final class Tally {

    private final Map<Kind, Row> rows = new TreeMap<>(Comparator.comparing(Kind::protocol).thenComparing(Kind::fault));
    private final List<Report> wrong = new ArrayList<>();
    private long connections;

    private record Kind(String protocol, String fault) {
    }

    private static final class Row {

        private final Map<ShutdownResult, Integer> ends = new EnumMap<>(ShutdownResult.class);
        private int connections;
        private int wrong;
    }

    synchronized void add(Report report) {
        connections++;
        Row row = rows.computeIfAbsent(
                new Kind(report.scenario().protocol(), report.scenario().faultName()), kind -> new Row());
        row.connections++;
        report.outcomes().forEach(outcome -> row.ends.merge(outcome.result(), 1, Integer::sum));
        if (!report.wrong().isEmpty()) {
            row.wrong++;
            wrong.add(report);
        }
    }

    synchronized long connections() {
        return connections;
    }

    synchronized List<Report> wrong() {
        return List.copyOf(wrong);
    }

    /** One row a protocol and fault: connections, and ends by result. */
    synchronized String table() {
        List<Column> columns = new ArrayList<>();
        columns.add(new Column().header("protocol").dataAlign(HorizontalAlign.LEFT));
        columns.add(new Column().header("fault").dataAlign(HorizontalAlign.LEFT));
        columns.add(new Column().header("connections"));
        for (ShutdownResult result : ShutdownResult.values()) {
            columns.add(new Column().header(result.name()));
        }
        columns.add(new Column().header("wrong"));
        List<String[]> lines = new ArrayList<>();
        rows.forEach((kind, row) -> {
            List<String> line = new ArrayList<>(List.of(kind.protocol(), kind.fault(), "" + row.connections));
            for (ShutdownResult result : ShutdownResult.values()) {
                line.add(row.ends.containsKey(result) ? "" + row.ends.get(result) : "");
            }
            line.add("" + row.wrong);
            lines.add(line.toArray(String[]::new));
        });
        return AsciiTable.getTable(columns.toArray(Column[]::new), lines.toArray(String[][]::new));
    }
}

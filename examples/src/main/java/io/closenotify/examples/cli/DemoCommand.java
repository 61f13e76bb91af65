package io.closenotify.examples.cli;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: shows every mode of every protocol. */
@Command(name = "demo", description = {
    "Runs every mode over TLS 1.2 and 1.3 on each engine present, over DTLS and over QUIC, between real sockets on"
            + " loopback, and prints who sent what and how it ended.",
    "defer: a request together with close_notify is answered in full; keep: TCP goes on in plaintext after TLS.",
    "Exit 0 only if everything is as specified."})
@SuppressWarnings("NullAway.Init")
final class DemoCommand implements Callable<Integer> {

    @Spec
    private CommandSpec command;

    @Option(names = "--json", description = "Print one JSON object a row instead of a table.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = command.commandLine().getOut();
        List<DemoRow> rows;
        if (json) {
            JsonLines lines = new JsonLines(out);
            rows = rows(row -> lines.write(row.line()));
        } else {
            rows = rows(row -> { });
            out.println(table(rows));
            out.flush();
        }
        return rows.stream().allMatch(DemoRow::ok) ? 0 : 1;
    }

    private List<DemoRow> rows(Consumer<DemoRow> onRow) throws Exception {
        Log log = new Log(command.commandLine().getErr());
        List<DemoCase> cases = new ArrayList<>(TlsDemo.cases(log));
        cases.addAll(DtlsDemo.cases());
        cases.addAll(QuicDemo.cases(log));
        List<DemoRow> rows = new ArrayList<>();
        for (DemoCase combination : cases) {
            DemoRow row = new DemoRun(combination, log).run();
            rows.add(row);
            onRow.accept(row);
        }
        return rows;
    }

    private static String table(List<DemoRow> rows) {
        return AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, rows, List.of(
                left("Version").with(row -> row.combination().protocol() + " " + row.combination().version()),
                left("Provider").with(row -> row.combination().provider()),
                left("Mode").with(row -> mode(row.combination())),
                left("Client sent").with(DemoRow::clientSent),
                left("Server sent").with(DemoRow::serverSent),
                left("Client result").with(DemoRow::result),
                left("Server result").with(DemoRow::serverResult),
                new Column().header("ms").with(row -> Long.toString(row.elapsedMillis())),
                left("Resumable").with(row -> yesOrNo(row.sessionResumable())),
                left("Resumed").with(row -> yesOrNo(row.resumed())),
                left("OK").with(row -> row.ok() ? "yes" : "NO: " + row.problem())));
    }

    private static String mode(DemoCase combination) {
        return combination.variant() == null
                ? combination.mode() : combination.mode() + ", " + combination.variant();
    }

    private static Column left(String header) {
        return new Column().header(header).dataAlign(HorizontalAlign.LEFT);
    }

    private static String yesOrNo(boolean value) {
        return value ? "yes" : "no";
    }
}

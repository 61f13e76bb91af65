package io.closenotify.examples.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Runs a command within this process. */
final class Cli {

    /** The contract, in order. */
    static final List<String> SHUTDOWN_FIELDS = List.of("event", "protocol", "peer", "mode", "result", "initiator",
            "closeNotifySent", "closeNotifyReceived", "bytesRead", "bytesWritten", "bytesAfterCloseNotify", "resumed",
            "sessionResumable", "elapsedMillis", "cause");

    /** What DTLS adds to them. */
    static final List<String> DTLS_FIELDS =
            Stream.concat(SHUTDOWN_FIELDS.stream(), Stream.of("repeats", "missingAtMost")).toList();

    /** What QUIC adds to them. */
    static final List<String> QUIC_FIELDS = Stream.concat(SHUTDOWN_FIELDS.stream(), Stream.of("errorCode", "reason",
            "remote", "application", "delivery", "bytesUnacknowledged")).toList();

    private Cli() {
    }

    record Result(int exit, List<String> out, List<String> err) {

        List<Map<String, Object>> lines() {
            return out.stream().map(Cli::parse).toList();
        }

        Map<String, Object> line() {
            if (out.size() != 1) {
                throw new AssertionError("stdout: " + out + " (expected: one line), stderr: " + err);
            }
            return parse(out.get(0));
        }
    }

    static Map<String, Object> parse(String line) {
        try {
            return JSON.std.mapFrom(line);
        } catch (IOException e) {
            throw new UncheckedIOException(line, e);
        }
    }

    static Result run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        int exit = command.execute(arguments);
        command.getOut().flush();
        command.getErr().flush();
        return new Result(exit, out.toString().lines().toList(), err.toString().lines().toList());
    }
}

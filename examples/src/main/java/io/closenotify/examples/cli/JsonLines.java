package io.closenotify.examples.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes one JSON object a line, flushed at once. Any thread. */
final class JsonLines {

    private static final JSON WRITER = JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES);

    private final PrintWriter out;

    JsonLines(PrintWriter out) {
        this.out = out;
    }

    void write(Map<String, ? extends @Nullable Object> fields) {
        String line;
        try {
            line = WRITER.asString(fields);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        synchronized (out) {
            out.print(line + '\n');
            out.flush();
        }
    }
}

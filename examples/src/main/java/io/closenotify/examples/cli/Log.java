package io.closenotify.examples.cli;

import java.io.PrintWriter;

/** What is meant for people: goes to stderr, so that stdout stays machine-readable. Any thread. */
final class Log {

    private final PrintWriter err;

    Log(PrintWriter err) {
        this.err = err;
    }

    void say(String line) {
        synchronized (err) {
            err.println(Failures.oneLine(line));
            err.flush();
        }
    }
}

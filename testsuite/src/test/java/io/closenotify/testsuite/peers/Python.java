package io.closenotify.testsuite.peers;

import java.util.ArrayList;
import java.util.List;

/** Scripts of Python 3 among the test resources. */
final class Python {

    /** What stands behind {@code python3} on the path: there it may be a launcher that costs more than the script. */
    private static final String INTERPRETER = find();

    private Python() {
    }

    private static String find() {
        try (PeerProcess python = PeerProcess.start(List.of("python3", "-c", "import sys; print(sys.executable)"))) {
            return python.awaitLine(line -> true);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The command that runs a script; arguments may be added. */
    static List<String> command(String script, String... arguments) {
        // Unbuffered, so that what it prints comes at once.
        List<String> command = new ArrayList<>(List.of(INTERPRETER, "-u", PeerProcess.script(script)));
        command.addAll(List.of(arguments));
        return command;
    }
}

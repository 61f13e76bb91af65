package io.closenotify.examples.cli;

import java.io.Console;

/** Whether people watch. */
final class Terminal {

    private Terminal() {
    }

    /** Whether stdin and stdout are a terminal. */
    @SuppressWarnings("SystemConsoleNull")
    static boolean isPresent() {
        Console console = System.console();
        try {
            // From Java 22 on there is always a console, which knows this.
            return console != null && (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}

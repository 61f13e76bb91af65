package io.closenotify.observe;

/** Whether the runtime has JDK Flight Recorder: {@code jdk.jfr} is a module that an image may lack. */
final class FlightRecorderPresence {

    static final boolean IS_PRESENT = isPresent();

    private FlightRecorderPresence() {
    }

    private static boolean isPresent() {
        try {
            Class.forName("jdk.jfr.Event", false, FlightRecorderPresence.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }
}

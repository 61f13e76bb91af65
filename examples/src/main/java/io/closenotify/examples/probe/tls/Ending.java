package io.closenotify.examples.probe.tls;

/** How a connection whose session is to be resumed was ended. */
enum Ending {

    FULL("full", "close_notify both ways"),
    FAST("fast", "our close_notify alone"),
    QUIET("quiet", "FIN between two records, no close_notify"),
    TRUNCATED("truncated", "FIN within a record");

    private final String label;
    private final String what;

    Ending(String label, String what) {
        this.label = label;
        this.what = what;
    }

    String label() {
        return label;
    }

    String what() {
        return what;
    }
}

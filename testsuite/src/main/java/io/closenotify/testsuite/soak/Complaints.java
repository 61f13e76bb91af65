package io.closenotify.testsuite.soak;

import java.util.ArrayList;
import java.util.List;

/** Collects what does not hold of one end. */
final class Complaints {

    private final String end;
    private final List<String> found = new ArrayList<>();

    Complaints(String end) {
        this.end = end;
    }

    /** What must hold, in words. */
    void require(boolean holds, String rule) {
        if (!holds) {
            found.add(end + ": " + rule);
        }
    }

    List<String> found() {
        return found;
    }
}

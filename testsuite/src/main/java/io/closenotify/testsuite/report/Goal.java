package io.closenotify.testsuite.report;

/**
 * What a measurement should come to.
 *
 * @param kind of what
 * @param bound which itself is good enough
 */
public record Goal(Kind kind, double bound) {

    /** What is held against the bound. */
    public enum Kind {

        /** The ratio of ours to the other is not to be lower. */
        RATIO_AT_LEAST,

        /** The ratio of ours to the other is not to be higher. */
        RATIO_AT_MOST,

        /** Our figure is not to be higher. */
        AT_MOST
    }

    boolean isOfRatio() {
        return kind != Kind.AT_MOST;
    }

    boolean isMetBy(double figure) {
        return kind == Kind.RATIO_AT_LEAST ? figure >= bound : figure <= bound;
    }
}

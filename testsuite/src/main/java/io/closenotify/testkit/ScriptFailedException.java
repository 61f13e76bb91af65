package io.closenotify.testkit;

import org.jspecify.annotations.Nullable;

/**
 * A {@link ScriptedTlsPeer} could not play its script to the end: the message names the step, why it failed, and
 * what was seen until then.
 */
public final class ScriptFailedException extends Exception {

    private static final long serialVersionUID = 1;

    private final transient PeerReport report;

    ScriptFailedException(String step, String reason, PeerReport report, @Nullable Throwable cause) {
        super(step + ": " + reason + "; seen: " + report.events(), cause);
        this.report = report;
    }

    /**
     * Returns what the peer saw until the step failed.
     *
     * @return the report
     */
    public PeerReport report() {
        return report;
    }
}

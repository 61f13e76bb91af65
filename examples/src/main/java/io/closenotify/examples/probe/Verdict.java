package io.closenotify.examples.probe;

import org.jspecify.annotations.Nullable;

/**
 * One answer of the audit.
 *
 * @param id names the question for scripts, in lower case with underscores
 * @param question what was asked, for people
 * @param grade how good the answer is
 * @param finding what was seen, for people, with its figures
 * @param rule what the grade rests on: a section of an RFC, or a measured fact
 * @param exchange the {@link Exchange#id()} that showed it, or {@code null} if it could not be asked
 */
public record Verdict(String id, String question, Grade grade, String finding, String rule,
        @Nullable String exchange) {

    /** How good an answer is. */
    public enum Grade {

        /** As it should be. */
        GOOD,

        /** Allowed, or harmless, but others do better. */
        WEAK,

        /** Breaks a rule, or loses data: the peer is not safe. */
        BAD,

        /** It could not be found out. */
        UNKNOWN
    }
}

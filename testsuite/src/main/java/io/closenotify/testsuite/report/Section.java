package io.closenotify.testsuite.report;

import java.util.List;

/**
 * What one part of the report found.
 *
 * @param about what was done, and what the figures mean; Markdown
 * @param other who ours is measured beside
 * @param measurements the lines of the table
 * @param plots may be none
 */
public record Section(String about, String other, List<Measurement> measurements, List<Plot> plots) {

    /** The usual other one. */
    public static final String STOCK = "stock Netty";
}

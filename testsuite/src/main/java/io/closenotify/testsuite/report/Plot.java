package io.closenotify.testsuite.report;

import java.util.List;
import java.util.Locale;

/**
 * Figures to look at.
 *
 * @param title which also makes the file's name
 * @param xAxis what it shows
 * @param yAxis what it shows
 * @param scale of both axes
 * @param lines at least one
 */
public record Plot(String title, String xAxis, String yAxis, Scale scale, List<Line> lines) {

    /** How the axes divide. */
    public enum Scale {

        /** Both evenly, from zero. */
        LINEAR,

        /** Both by powers of ten. */
        LOGARITHMIC
    }

    /**
     * Points that belong together.
     *
     * @param name of them all
     * @param points from left to right
     */
    public record Line(String name, List<Point> points) {
    }

    /**
     * One of them.
     *
     * @param x where
     * @param y the summary of the figures there
     */
    public record Point(double x, Summary y) {
    }

    String file() {
        return title.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-") + ".svg";
    }
}

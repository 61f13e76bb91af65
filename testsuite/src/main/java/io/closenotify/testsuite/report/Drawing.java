package io.closenotify.testsuite.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.io.StringWriter;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGraphics2D;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.StandardChartTheme;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnitSource;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;

/** Draws a {@link Plot}: medians joined by lines, each with a bar from its lowest to its highest figure. */
final class Drawing {

    private static final int WIDTH = 760;
    private static final int HEIGHT = 420;
    private static final Color GRID = new Color(0xdddddd);

    // Told apart by the colour-blind, too (Okabe and Ito).
    private static final Color[] COLOURS = {new Color(0xd55e00), new Color(0x0072b2), new Color(0x009e73),
        new Color(0xcc79a7), new Color(0xe69f00), new Color(0x56b4e9)};

    private Drawing() {
    }

    static String svg(Plot plot) throws IOException {
        try {
            SVGGraphics2D graphics = new SVGGraphics2D(DocumentBuilderFactory.newInstance().newDocumentBuilder()
                    .getDOMImplementation().createDocument("http://www.w3.org/2000/svg", "svg", null));
            graphics.setSVGCanvasSize(new Dimension(WIDTH, HEIGHT));
            chart(plot).draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, HEIGHT));
            StringWriter svg = new StringWriter();
            graphics.stream(svg, true);
            return svg.toString();
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JFreeChart chart(Plot plot) {
        XYIntervalSeriesCollection figures = new XYIntervalSeriesCollection();
        for (Plot.Line line : plot.lines()) {
            XYIntervalSeries series = new XYIntervalSeries(line.name());
            line.points().forEach(point -> series.add(point.x(), point.x(), point.x(),
                    point.y().median(), point.y().lowest(), point.y().highest()));
            figures.addSeries(series);
        }
        XYPlot area = new XYPlot(figures, axis(plot.scale(), plot.xAxis()), axis(plot.scale(), plot.yAxis()), null);
        JFreeChart chart = new JFreeChart(plot.title(), area);
        StandardChartTheme theme = new StandardChartTheme("plain");
        theme.setExtraLargeFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
        theme.setLargeFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        theme.setRegularFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        theme.setPlotBackgroundPaint(Color.WHITE);
        theme.setDomainGridlinePaint(GRID);
        theme.setRangeGridlinePaint(GRID);
        theme.apply(chart);
        // Last, for a theme has colours of its own.
        area.setRenderer(renderer(plot.lines().size()));
        return chart;
    }

    private static ValueAxis axis(Plot.Scale scale, String label) {
        return switch (scale) {
            case LINEAR -> {
                NumberAxis axis = new NumberAxis(label);
                axis.setAutoRangeIncludesZero(true);
                yield axis;
            }
            case LOGARITHMIC -> {
                LogAxis axis = new LogAxis(label);
                axis.setStandardTickUnits(new NumberTickUnitSource(true));
                axis.setMinorTickMarksVisible(false);
                yield axis;
            }
        };
    }

    private static XYErrorRenderer renderer(int lines) {
        XYErrorRenderer renderer = new XYErrorRenderer();
        renderer.setDrawXError(false);
        renderer.setDefaultLinesVisible(true);
        renderer.setErrorStroke(new BasicStroke(1));
        for (int line = 0; line < lines; line++) {
            renderer.setSeriesPaint(line, COLOURS[line % COLOURS.length]);
            renderer.setSeriesStroke(line, new BasicStroke(2));
        }
        return renderer;
    }
}

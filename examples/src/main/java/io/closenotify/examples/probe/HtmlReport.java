package io.closenotify.examples.probe;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.util.HtmlEscaper;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/** The audit of one or several peers as a page of HTML that needs nothing but itself, and runs no script. */
public final class HtmlReport {

    private static final String CSS = resource("report.css");
    private static final Stylesheet STYLESHEET = new Stylesheet(CSS, sha256(CSS));

    private HtmlReport() {
    }

    /**
     * Writes the page, or leaves what was there.
     *
     * @param file where to; it is replaced as a whole if it is there
     * @param reports in the order in which they are shown
     * @throws IOException if it cannot be written; the message names the file and the reason
     */
    public static void write(Path file, List<ProbeReport> reports) throws IOException {
        AtomicFile.write(file, html(reports));
    }

    static String html(List<ProbeReport> reports) {
        Mustache page = new EscapingFactory().compile(new StringReader(resource("report.mustache")), "report");
        StringWriter html = new StringWriter();
        page.execute(html, new Object[] {STYLESHEET, HtmlPage.of(reports)});
        return html.toString();
    }

    /** The hash lets the page's policy allow this style and no other. */
    record Stylesheet(String css, String cssHash) {
    }

    /** Every value comes by here, whoever made it, but for the style sheet. */
    private static final class EscapingFactory extends DefaultMustacheFactory {

        @Override
        public void encode(String value, Writer writer) {
            HtmlEscaper.escape(VisibleText.of(value), writer);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Objects.requireNonNull(HtmlReport.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}

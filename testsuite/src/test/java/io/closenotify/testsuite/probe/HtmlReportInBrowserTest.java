package io.closenotify.testsuite.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.examples.probe.HtmlReport;
import io.closenotify.testsuite.peers.NeedsProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@NeedsProgram({Browser.CHROMIUM, Browser.DRIVER})
class HtmlReportInBrowserTest {

    private static final int PHONE = 360;
    private static final int DESK = 1280;

    /** What A4 leaves between the margins of the page, in CSS pixels. */
    private static final int A4 = 680;

    @TempDir
    private static Path folder;

    private static Path page;
    private static Browser browser;

    @BeforeAll
    static void start() throws IOException {
        page = folder.resolve("report.html");
        HtmlReport.write(page, SampleReports.all());
        browser = new Browser();
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void forget() {
        browser.console();
        browser.requests();
    }

    @ParameterizedTest
    @CsvSource({"360, light", "360, dark", "768, light", "1280, light", "1280, dark"})
    void nothing_is_cut_off_or_overlaps_and_all_is_legible(int width, String colorScheme) {
        browser.open(page, width, colorScheme);

        assertThat(browser.wrong("wider")).as("wider than the screen").isEmpty();
        assertThat(browser.wrong("labels")).as("labels").isEmpty();
        assertThat(browser.wrong("arrows")).as("arrows").isEmpty();
        assertThat(browser.wrong("contrast")).as("too little contrast").isEmpty();
        assertThat(browser.wrong("small")).as("too small").isEmpty();
        assertThat(browser.paper()).as("luminance of the paper").satisfies(
                luminance -> assertThat(luminance < 0.5).isEqualTo(colorScheme.equals("dark")));
    }

    @Test
    void print_on_a4_is_not_cut_off_and_is_light() {
        browser.open(page, A4, "dark");
        browser.show("print", "dark");

        assertThat(browser.wrong("wider")).as("wider than the paper").isEmpty();
        assertThat(browser.wrong("labels")).as("labels").isEmpty();
        assertThat(browser.wrong("arrows")).as("arrows").isEmpty();
        assertThat(browser.wrong("contrast")).as("too little contrast").isEmpty();
        assertThat(browser.paper()).as("luminance of the paper").isGreaterThan(0.5);
        Object pdf = browser.command("Page.printToPDF", Map.of("paperWidth", 8.27, "paperHeight", 11.69)).get("data");
        assertThat(Base64.getDecoder().decode((String) pdf)).startsWith("%PDF".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void links_lead_somewhere_and_headings_are_in_order() {
        browser.open(page, DESK, "light");

        assertThat(browser.wrong("anchors")).as("links to nothing, and ids that are not unique").isEmpty();
        assertThat(browser.wrong("headings")).as("headings out of order").isEmpty();
        browser.click("#summary tbody tr:nth-child(2) a");
        assertThat(browser.texts(":target h2")).containsExactly("[2001:db8::7]:4433");
        browser.click(".peer:target .source a");
        assertThat(browser.texts(":target h4")).singleElement().asString()
                .contains("The peer closes; we go on sending");
        browser.click(".exchange:target .shown a");
        assertThat(browser.texts(":target th")).containsExactly("Does it repeat CONNECTION_CLOSE for late packets?");
    }

    @Test
    void page_asks_for_nothing_and_the_console_stays_silent() {
        browser.open(page, DESK, "light");

        assertThat(browser.requests()).containsExactly(page.toUri().toString());
        assertThat(browser.console()).isEmpty();
    }

    @Test
    void markup_from_a_peer_is_text_and_would_not_run() {
        browser.open(page, DESK, "light");

        assertThat(browser.run("return document.querySelectorAll('script, img, [onclick], [onerror]').length"))
                .isEqualTo(0L);
        assertThat(browser.texts("#peer-4 .failure bdi")).singleElement().asString()
                .startsWith("</b><script>alert(1)</script><img src=x onerror='alert(2)'>").contains("\\u{202E}");
        browser.run("document.body.insertAdjacentHTML('beforeend', '<p id=late style=\"display:none\">late</p>');"
                + "const script = document.createElement('script'); script.textContent = 'window.ran = true';"
                + "document.body.append(script);");
        assertThat(browser.run("return [window.ran === true, getComputedStyle(late).display]"))
                .isEqualTo(List.of(false, "block"));
        assertThat(browser.console()).hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("Content Security Policy"));
    }

    @ParameterizedTest
    @ValueSource(ints = {PHONE, DESK})
    void grades_and_results_are_told_in_words(int width) {
        browser.open(page, width, "light");

        assertThat(browser.texts("#summary .mark"))
                .containsExactly("Not safe", "Safe", "Not audited", "Not audited", "Safe");
        assertThat(browser.texts("#peer-1 .verdicts .mark")).containsExactly("Bad", "Good", "Good", "Good", "Weak",
                "Good", "Unknown", "Good", "Good", "Unknown");
    }

    @ParameterizedTest
    @ValueSource(ints = {PHONE, DESK})
    void screen_readers_are_given_tables_with_headers_and_the_diagram_as_a_list(int width) {
        browser.open(page, width, "light");

        List<Map.Entry<String, String>> nodes = browser.accessibleNodes();

        assertThat(nodes).contains(Map.entry("RootWebArea", "Shutdown audit of 5\u00a0peers"),
                Map.entry("table", "Summary"), Map.entry("columnheader", "Question"),
                Map.entry("rowheader", "Does it answer close_notify?"), Map.entry("region", "www.example.com:443"),
                Map.entry("list", "What happened, in order"));
        assertThat(nodes).extracting(Map.Entry::getKey).contains("banner", "main", "contentinfo");
        assertThat(nodes.stream().filter(node -> node.getKey().equals("columnheader"))).hasSize(3 + 4 * 5);
        assertThat(browser.run("return [...document.querySelectorAll('#peer-1-exchange-3 .sequence > li')]"
                + ".slice(-5).map(row => row.textContent.replace(/\\s+/g, ' '))")).isEqualTo(List.of(
                "4.17 ms Peer sends FIN", "999.8 ms of silence", "1,004.0 ms We waited for 1 s",
                "1,004.2 ms Probe sends close_notify 24 B", "1,004.3 ms Peer sends RST"));
        assertThat(nodes).extracting(Map.Entry::getValue).doesNotContain("✓", "×");
    }

    @Test
    void exchange_of_5000_events_stays_short() {
        browser.open(page, PHONE, "light");

        assertThat(browser.texts("#peer-5 .more")).singleElement().asString().startsWith("… 4,968");
        assertThat(browser.run("return document.querySelectorAll('#peer-5 .sequence > li').length")).isEqualTo(33L);
    }
}

package io.closenotify.examples.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.closenotify.Protocol;
import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Exchange.Event;
import io.closenotify.examples.probe.Verdict.Grade;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlReportTest {

    private static final String MARKUP = "</b><script>alert('x')</script>\" onclick=\"y {{title}} {{{css}}}";

    @TempDir
    private Path folder;

    private static ProbeReport report(String target, List<Verdict> verdicts, List<Exchange> exchanges,
            @Nullable String failure) {
        return new ProbeReport(target, Protocol.TLS, "TLSv1.3", Instant.EPOCH, Duration.ofMillis(1_500), verdicts,
                exchanges, failure);
    }

    private static ProbeReport report(List<Event> events) {
        return report("a:1", List.of(), List.of(new Exchange("x", "An exchange", events)), null);
    }

    private static Verdict verdict(String question, Grade grade, @Nullable String exchange) {
        return new Verdict("id", question, grade, "A finding", "A rule", exchange);
    }

    private static Event sent(long micros) {
        return new Event(micros, Direction.SENT, "application_data", 100);
    }

    private static List<Event> sent(int count, long microsBetween) {
        return IntStream.range(0, count).mapToObj(i -> sent(i * microsBetween)).toList();
    }

    private static List<String> matches(String html, String regex) {
        return Pattern.compile(regex).matcher(html).results().map(HtmlReportTest::firstGroup).toList();
    }

    private static String firstGroup(MatchResult match) {
        return match.groupCount() == 0 ? match.group() : match.group(1);
    }

    @Test
    void no_value_becomes_markup() {
        ProbeReport hostile = new ProbeReport(MARKUP, Protocol.QUIC, MARKUP, Instant.EPOCH, Duration.ZERO,
                List.of(new Verdict(MARKUP, MARKUP, Grade.BAD, MARKUP, MARKUP, MARKUP)),
                List.of(new Exchange(MARKUP, MARKUP, Stream.of(Direction.values())
                        .map(direction -> new Event(1, direction, MARKUP, 1)).toList())), MARKUP);

        String html = HtmlReport.html(List.of(hostile, hostile));

        assertThat(html).doesNotContain("<script", "onclick=", "alert('x')")
                .contains("&lt;/b&gt;&lt;script&gt;", "{{title}} {{{css}}}");
        assertThat(matches(html, " id=\"([^\"]*)\"")).allSatisfy(id -> assertThat(id).matches("[a-z0-9-]+"));
    }

    @Test
    void characters_that_hide_or_turn_text_around_are_spelt_out() throws IOException {
        Path file = folder.resolve("report.html");

        String target = "a\0b\u202Ec\uD800d\ne\u200Bf äß \uD83D\uDD12";
        HtmlReport.write(file, List.of(report(target, List.of(), List.of(), null)));

        assertThat(file).content().contains("a\\u{0}b\\u{202E}c\\u{D800}d\\u{A}e\\u{200B}f äß \uD83D\uDD12");
    }

    @Test
    void long_exchange_is_cut_between_its_beginning_and_its_end() {
        String html = HtmlReport.html(List.of(report(sent(5_000, 1_000))));

        assertThat(matches(html, "<li class=\"sent\">")).hasSize(SequenceRows.SHOWN);
        assertThat(html)
                .contains("… 4,968\u00a0more in 4,967.0\u00a0ms: 4,968\u00a0sent (496,800\u00a0B), 0\u00a0received")
                .contains(">0.00\u00a0ms<", ">11.00\u00a0ms<", ">4,980.0\u00a0ms<", ">4,999.0\u00a0ms<")
                .doesNotContain(">12.00\u00a0ms<", ">4,979.0\u00a0ms<");
    }

    @Test
    void exchange_that_just_fits_is_shown_whole() {
        String html = HtmlReport.html(List.of(report(sent(SequenceRows.SHOWN, 1_000))));

        assertThat(matches(html, "<li class=\"sent\">")).hasSize(SequenceRows.SHOWN);
        assertThat(html).doesNotContain("class=\"more\"");
    }

    @Test
    void long_pause_is_told_and_a_short_one_is_not() {
        List<Event> events = List.of(sent(0), sent(499_999), sent(999_999), sent(12_999_999));

        String html = HtmlReport.html(List.of(report(events)));

        assertThat(matches(html, "<li class=\"pause\">.*?>([^<>]+ of silence)<"))
                .containsExactly("500.0\u00a0ms of silence", "12.00\u00a0s of silence");
    }

    @Test
    void bytes_are_left_out_where_there_is_nothing_to_count() {
        String html = HtmlReport.html(List.of(report(List.of(new Event(0, Direction.RECEIVED, "FIN", -1),
                new Event(1, Direction.RECEIVED, "application_data", 0)))));

        assertThat(matches(html, "<span class=\"bytes\">([^<]*)<")).containsExactly("0\u00a0B");
        assertThat(html).contains("0\u00a0sent, 2\u00a0received, in");
    }

    @Test
    void several_peers_are_summed_up_and_one_is_not() {
        ProbeReport safe = report("safe:1", List.of(verdict("Q", Grade.GOOD, null)), List.of(), null);
        ProbeReport unsafe = report("unsafe:1", List.of(verdict("Q", Grade.BAD, null), verdict("R", Grade.WEAK, null)),
                List.of(), null);
        ProbeReport failed = report("failed:1", List.of(), List.of(), "connection refused");

        String several = HtmlReport.html(List.of(safe, unsafe, failed));

        assertThat(several)
                .contains("How 3\u00a0peers end their connections: 1\u00a0not safe, 1\u00a0not audited, 1\u00a0safe.");
        assertThat(matches(several, "class=\"counts\">([^<]*)</td>"))
                .containsExactly("1\u00a0good", "1\u00a0bad, 1\u00a0weak", "No verdicts");
        assertThat(matches(several, "class=\"mark [a-z]+\">(Safe|Not safe|Not audited)<"))
                .containsExactly("Safe", "Not safe", "Not audited", "Safe", "Not safe", "Not audited");
        assertThat(HtmlReport.html(List.of(safe))).doesNotContain("id=\"summary\"", "href=\"#summary\"")
                .contains("<title>Shutdown audit of safe:1</title>");
    }

    @Test
    void page_about_nobody_is_a_page() {
        assertThat(HtmlReport.html(List.of())).contains("Shutdown audit of 0\u00a0peers", "</html>");
    }

    @Test
    void failure_is_told() {
        assertThat(HtmlReport.html(List.of(report("a:1", List.of(), List.of(), "connection refused"))))
                .contains("<bdi>connection refused</bdi>");
        assertThat(HtmlReport.html(List.of(report("a:1", List.of(), List.of(), null))))
                .doesNotContain("could not be completed");
    }

    @Test
    void verdict_is_linked_with_the_exchange_that_showed_it_and_with_no_other() {
        List<Exchange> exchanges = List.of(new Exchange("first", "First", List.of()),
                new Exchange("second", "Second", List.of()), new Exchange("second", "Again", List.of()));
        List<Verdict> verdicts = List.of(verdict("A", Grade.GOOD, "second"), verdict("B", Grade.GOOD, null),
                verdict("C", Grade.GOOD, "nowhere"));

        String html = HtmlReport.html(List.of(report("a:1", verdicts, exchanges, null)));

        assertThat(matches(html, "<a href=\"([^\"]*)\">")).containsExactly("#peer-1-exchange-2", "#peer-1-verdict-1");
        assertThat(matches(html, " id=\"([^\"]*)\"")).contains("peer-1-exchange-2", "peer-1-verdict-1")
                .doesNotHaveDuplicates();
    }

    @Test
    void page_refers_to_nothing_outside_itself() {
        String html = HtmlReport.html(List.of(report(sent(3, 1)), report(sent(3, 1))));

        assertThat(html).doesNotContain("<script", "<link", "<img", "src=", "url(", "@import", "http://", "https://");
        assertThat(matches(html, "href=\"([^\"])")).isNotEmpty().containsOnly("#");
    }

    @Test
    void policy_of_the_page_allows_its_style_and_nothing_else() throws Exception {
        String html = HtmlReport.html(List.of());
        String css = html.substring(html.indexOf("<style>") + "<style>".length(), html.indexOf("</style>"));
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(css.getBytes(StandardCharsets.UTF_8));

        assertThat(matches(html, "Content-Security-Policy\" content=\"([^\"]*)\"")).hasSize(1).first().asString()
                .isEqualTo("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
                        Base64.getEncoder().encodeToString(hash).replace("=", "&#61;"));
    }

    @Test
    void file_is_replaced_and_nothing_is_left_beside_it() throws IOException {
        Path file = Files.writeString(folder.resolve("report.html"), "old");

        HtmlReport.write(file, List.of());

        assertThat(file).content().startsWith("<!DOCTYPE html>").endsWith("</html>\n");
        assertThat(folder).isDirectoryContaining(file::equals);
        assertThat(folder.toFile().list()).hasSize(1);
    }

    @Test
    void file_behind_a_symbolic_link_is_replaced_and_the_link_stays() throws IOException {
        Path file = Files.writeString(folder.resolve("report.html"), "old");
        Path link = Files.createSymbolicLink(folder.resolve("link.html"), file);

        HtmlReport.write(link, List.of());

        assertThat(link).isSymbolicLink();
        assertThat(file).content().startsWith("<!DOCTYPE html>");
    }

    @Test
    void file_that_cannot_be_written_is_named_with_the_reason() {
        Path nowhere = folder.resolve("nowhere").resolve("report.html");

        assertThatThrownBy(() -> HtmlReport.write(nowhere, List.of())).isInstanceOf(IOException.class)
                .hasMessage("cannot write " + nowhere + ": no such directory");
        assertThatThrownBy(() -> HtmlReport.write(folder, List.of())).isInstanceOf(IOException.class)
                .hasMessage("cannot write " + folder + ": it is a directory");
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void pipe_is_written_to_and_not_replaced() throws Exception {
        Path pipe = folder.resolve("pipe");
        assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() == 0, "mkfifo");
        CompletableFuture<byte[]> read = CompletableFuture.supplyAsync(() -> contentOf(pipe));

        HtmlReport.write(pipe, List.of());

        assertThat(read.get(10, TimeUnit.SECONDS)).asString(StandardCharsets.UTF_8).startsWith("<!DOCTYPE html>");
    }

    private static byte[] contentOf(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

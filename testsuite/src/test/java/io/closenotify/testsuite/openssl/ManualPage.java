package io.closenotify.testsuite.openssl;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;

/** The sentences of a manual page of OpenSSL, kept as a resource: paragraphs between empty lines, # before comments. */
final class ManualPage {

    private ManualPage() {
    }

    static List<String> sentences(String name) {
        return paragraphs(name).flatMap(ManualPage::split).toList();
    }

    /** The sentences of any page that state no behaviour, one a line; the reason is the comment above them. */
    static List<String> withoutBehaviour() {
        return paragraphs("without-behaviour").flatMap(String::lines).toList();
    }

    private static Stream<String> paragraphs(String name) {
        try (InputStream page = Objects.requireNonNull(
                ManualPage.class.getResourceAsStream("/openssl/" + name + ".txt"), name)) {
            return Stream.of(new String(page.readAllBytes(), UTF_8).split("\\R{2,}"))
                    .map(paragraph -> paragraph.replaceAll("(?m)^# .*\\R?", "").strip())
                    .filter(paragraph -> !paragraph.isEmpty());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<String> split(String paragraph) {
        String text = paragraph.replaceAll("\\s+", " ");
        BreakIterator ends = BreakIterator.getSentenceInstance(Locale.ENGLISH);
        ends.setText(text);
        List<String> sentences = new ArrayList<>();
        int start = ends.first();
        for (int end = ends.next(); end != BreakIterator.DONE; end = ends.next()) {
            sentences.add(text.substring(start, end).strip());
            start = end;
        }
        return sentences.stream();
    }
}

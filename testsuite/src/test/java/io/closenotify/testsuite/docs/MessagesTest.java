package io.closenotify.testsuite.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The messages of ours that troubleshooting quotes, each a line {@code > `message`} or the first cell of a row, are
 * those of the sources. What differs from case to case is {@code …} there.
 */
class MessagesTest {

    private static final Path PAGE = Pages.TOP.resolve("docs/troubleshooting.md");
    private static final Pattern QUOTED = Pattern.compile(
            "^(?:> `|\\| `(?=[^`]* ))([^`]*)`(?= \\||$)", Pattern.MULTILINE);
    private static final Pattern CONCATENATION = Pattern.compile("\"\\s*\\+\\s*\"");
    private static final List<String> SOURCES = Pages.mainSources().stream()
            .map(source -> CONCATENATION.matcher(Pages.read(source)).replaceAll("")).toList();

    static Stream<String> messages() {
        return QUOTED.matcher(Pages.read(PAGE)).results().map(quoted -> quoted.group(1));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void a_quoted_message_is_made_by_a_source(String message) {
        List<String> parts = Arrays.stream(message.split("…")).map(String::strip).filter(part -> !part.isEmpty())
                .toList();
        assertThat(parts).isNotEmpty();
        assertThat(SOURCES).as(message).anyMatch(source -> parts.stream().allMatch(source::contains));
    }
}

package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The commands and options that the pages show exist. */
final class DocumentedCommandsTest {

    private static final Path TOP = Path.of("..");
    private static final Pattern COMMAND = Pattern.compile("^(?:.*&& )?java .*-jar examples/target/closenotify\\.jar "
            + "(?<arguments>[^\\n]*(?:\\n {4,}[^\\n]*)*)$", Pattern.MULTILINE);
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*");

    private static Stream<String> pages() {
        try (Stream<Path> docs = Files.list(TOP.resolve("docs"))) {
            return Stream.concat(Stream.of(TOP.resolve("README.md")), docs.toList().stream())
                    .filter(page -> page.toString().endsWith(".md")).map(DocumentedCommandsTest::read);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static String read(Path page) {
        try {
            return Files.readString(page);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<String> commands() {
        return pages().flatMap(page -> COMMAND.matcher(page).results().map(MatchResult::group))
                .map(line -> COMMAND.matcher(line).replaceFirst("${arguments}"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void a_command_is_one(String arguments) {
        if (arguments.contains("[")) {
            // A synopsis.
            CommandSpec command = Main.commandLine().getSubcommands().get(arguments.split(" ")[0]).getCommandSpec();
            assertThat(command.optionsMap()).containsKeys(
                    OPTION.matcher(arguments).results().map(MatchResult::group).toArray(String[]::new));
        } else {
            CommandLine parser = Main.commandLine();
            assertThatCode(() -> parser.parseArgs(words(arguments))).as(arguments).doesNotThrowAnyException();
        }
    }

    private static String[] words(String arguments) {
        return arguments.replaceFirst(" [|&#>].*", "").replaceFirst(" &$", "").strip().split("\\s+");
    }

    @Test
    void every_option_that_the_reference_names_exists_and_the_other_way_round() {
        List<String> named = OPTION.matcher(read(TOP.resolve("docs/command-line.md"))
                + read(TOP.resolve("docs/probe.md"))).results().map(MatchResult::group).distinct().toList();
        Stream<String> options = Main.commandLine().getSubcommands().values().stream()
                .flatMap(command -> command.getCommandSpec().optionsMap().keySet().stream())
                .filter(option -> option.startsWith("--")).distinct();

        assertThat(named).containsExactlyInAnyOrderElementsOf(options.toList());
    }
}

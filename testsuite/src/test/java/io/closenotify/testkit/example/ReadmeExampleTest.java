package io.closenotify.testkit.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** README's example of the test kit is a test that runs. */
class ReadmeExampleTest {

    private static final Path README = Path.of("..", "README.md");
    private static final Path SOURCE =
            Path.of("src/test/java/io/closenotify/testkit/example/TruncatedResponseTest.java");
    private static final String BEGIN = "    // README: begin\n";
    private static final String END = "    // README: end\n";

    @Test
    void readme_shows_the_example_as_it_is_compiled() throws IOException {
        String source = Files.readString(SOURCE);
        String example = source.substring(source.indexOf(BEGIN) + BEGIN.length(), source.indexOf(END))
                .stripTrailing().stripIndent();

        assertThat(Files.readString(README)).contains("```java\n" + example + "\n```\n");
    }
}

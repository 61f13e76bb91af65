package io.closenotify.testsuite.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The Java that the pages show is compiled: each block is a region of a source, which the comment in front of it names,
 * {@code <!-- code: FILE#REGION -->}, and which {@code // docs: begin REGION} and {@code // docs: end REGION} mark.
 */
class CodeTest {

    private static final Pattern BLOCK = Pattern.compile(
            "(?:<!-- code: (?<file>\\S+)#(?<region>\\S+) -->\n)?```java\n(?<code>.*?)```\n", Pattern.DOTALL);

    static List<Path> pages() {
        return Pages.all();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void every_block_of_java_is_a_region_of_a_source(Path page) {
        Matcher block = BLOCK.matcher(Pages.read(page));
        while (block.find()) {
            String region = block.group("region");
            assertThat(region).as("the source, in %s, of%n%s", page, block.group("code")).isNotNull();
            String source = Pages.read(Pages.TOP.resolve(block.group("file")));
            assertThat(block.group("code")).as("%s: %s", page, region).isEqualTo(region(source, region));
        }
    }

    private static String region(String source, String name) {
        Matcher region = Pattern.compile(" *// docs: begin " + name + "\n(.*?)\n *// docs: end " + name + "\n",
                Pattern.DOTALL).matcher(source);
        assertThat(region.find()).as("region " + name).isTrue();
        return region.group(1).stripIndent() + "\n";
    }
}

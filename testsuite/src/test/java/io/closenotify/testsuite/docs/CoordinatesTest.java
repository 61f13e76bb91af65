package io.closenotify.testsuite.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The coordinates that the pages tell are those of this build. */
class CoordinatesTest {

    private static final Pattern MAVEN = Pattern.compile(
            "<groupId>io\\.closenotify</groupId>\\s*<artifactId>([^<]*)</artifactId>\\s*<version>([^<]*)</version>");
    private static final Pattern SHORT = Pattern.compile("io\\.closenotify:([a-z-]+):([^\"'`)\\s]+)");

    static List<Path> pages() {
        return Pages.all();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void every_coordinate_has_the_version_of_the_build(Path page) {
        Matcher build = MAVEN.matcher(Pages.read(Pages.TOP.resolve("pom.xml")));
        assertThat(build.find()).isTrue();
        for (Pattern form : List.of(MAVEN, SHORT)) {
            Matcher told = form.matcher(Pages.read(page));
            while (told.find()) {
                assertThat(told.group(2)).as("%s: %s", page, told.group(1)).isEqualTo(build.group(2));
            }
        }
    }
}

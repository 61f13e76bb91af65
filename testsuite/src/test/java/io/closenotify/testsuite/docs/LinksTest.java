package io.closenotify.testsuite.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every link of a page to a file, or to a heading in one, leads there. */
class LinksTest {

    private static final Pattern FENCED = Pattern.compile("^```.*?^```$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern CODE = Pattern.compile("`[^`\n]*`");
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]*)(?:#([^)]*))?\\)");
    private static final Pattern DEFINITION =
            Pattern.compile("^\\[[^\\]]+\\]: (?!https?:)([^#\\s]*)(?:#(\\S+))?$", Pattern.MULTILINE);
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);

    static List<Path> pages() {
        return Pages.all();
    }

    @ParameterizedTest
    @MethodSource("pages")
    void every_link_leads_somewhere(Path page) {
        for (Pattern form : List.of(LINK, DEFINITION)) {
            Matcher link = form.matcher(CODE.matcher(prose(page)).replaceAll(""));
            while (link.find()) {
                check(page, link);
            }
        }
    }

    private static void check(Path page, Matcher link) {
        Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
        assertThat(target).as("%s: %s", page, link.group()).exists();
        if (link.group(2) != null) {
            assertThat(anchors(target)).as("%s: %s", page, link.group()).contains(link.group(2));
        }
    }

    /** Who reads README finds every page. */
    @ParameterizedTest
    @MethodSource("pages")
    void every_page_of_docs_is_linked_from_readme(Path page) {
        if (page.getParent().endsWith("docs")) {
            assertThat(prose(Pages.TOP.resolve("README.md"))).contains("](docs/" + page.getFileName() + ")");
        }
    }

    private static String prose(Path page) {
        return FENCED.matcher(Pages.read(page)).replaceAll("");
    }

    /** As GitHub makes them of headings: the second of a name gets a number. */
    private static Set<String> anchors(Path page) {
        Set<String> anchors = new HashSet<>();
        Map<String, Integer> seen = new HashMap<>();
        Matcher heading = HEADING.matcher(prose(page));
        while (heading.find()) {
            String anchor = heading.group(1).toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "")
                    .replace(' ', '-');
            int before = seen.merge(anchor, 1, Integer::sum) - 1;
            anchors.add(before == 0 ? anchor : anchor + '-' + before);
        }
        return anchors;
    }
}

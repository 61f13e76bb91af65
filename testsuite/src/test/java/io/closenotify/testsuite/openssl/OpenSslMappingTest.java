package io.closenotify.testsuite.openssl;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.testsuite.openssl.MappingDocument.Row;
import io.closenotify.testsuite.openssl.MappingDocument.TestLink;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docs/openssl.md: every sentence of the manual pages has its row, and every row a test that exists. */
class OpenSslMappingTest {

    private static final List<Row> ROWS = MappingDocument.rows();
    private static final List<String> WITHOUT_BEHAVIOUR = ManualPage.withoutBehaviour();

    @ParameterizedTest
    @ValueSource(strings = {"SSL_shutdown", "SSL_shutdown_ex"})
    void every_sentence_that_states_behaviour_has_its_row_in_order(String page) {
        List<String> sentences = ManualPage.sentences(page);
        assertThat(sentences).hasSizeGreaterThan(70);
        assertThat(ROWS.stream().filter(row -> row.chapter().equals(page + "(3)")).map(Row::sentence))
                .containsExactlyElementsOf(
                        sentences.stream().filter(sentence -> !WITHOUT_BEHAVIOUR.contains(sentence)).toList());
    }

    @Test
    void what_states_no_behaviour_is_of_the_pages_and_listed_once() {
        Set<String> all = new HashSet<>();
        Stream.of("SSL_shutdown", "SSL_shutdown_ex").map(ManualPage::sentences).forEach(all::addAll);
        assertThat(all).containsAll(WITHOUT_BEHAVIOUR);
        assertThat(WITHOUT_BEHAVIOUR).doesNotHaveDuplicates();
    }

    @Test
    void every_row_has_either_tests_or_a_difference() {
        assertThat(ROWS).hasSizeGreaterThan(200).allSatisfy(row -> {
            assertThat(row.cells()).hasSize(3).noneMatch(String::isEmpty);
            assertThat(row.isTests()).as("tests, or a difference: %s", row).isNotEqualTo(row.isDifference());
        });
    }

    @Test
    void every_test_that_is_named_exists() {
        Map<Path, Set<String>> named = ROWS.stream().flatMap(row -> row.tests().stream())
                .collect(groupingBy(TestLink::file, mapping(TestLink::name, toSet())));
        assertThat(named).hasSizeGreaterThan(30).allSatisfy((file, tests) -> assertThat(file).isRegularFile());
        Map<Path, Set<String>> existing = TestSources.tests(named.keySet());
        assertThat(named).allSatisfy((file, tests) -> assertThat(existing.get(file)).containsAll(tests));
    }
}

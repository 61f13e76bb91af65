package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.io.TempDir;

class NeedsProgramTest {

    @TempDir
    private Path folder;

    private ConditionEvaluationResult evaluate(boolean ci, String... needed) {
        return NeedsProgram.Condition.evaluate(List.of(needed), "nowhere" + File.pathSeparator + folder, ci);
    }

    @Test
    void program_on_the_path_enables() throws IOException {
        assertThat(Files.createFile(folder.resolve("peer")).toFile().setExecutable(true)).isTrue();

        assertThat(evaluate(true, "peer").isDisabled()).isFalse();
        assertThat(evaluate(false, "peer").isDisabled()).isFalse();
    }

    @Test
    void missing_program_skips_with_its_name() throws IOException {
        Files.createFile(folder.resolve("not-executable"));

        ConditionEvaluationResult result = evaluate(false, "not-executable", "missing");

        assertThat(result.isDisabled()).isTrue();
        assertThat(result.getReason()).hasValue("programs missing on the path: [not-executable, missing]");
    }

    @Test
    void missing_program_is_an_error_in_continuous_integration() {
        assertThatThrownBy(() -> evaluate(true, "missing")).isInstanceOf(IllegalStateException.class)
                .hasMessage("programs missing on the path: [missing] (CI=true: every peer must be there)");
    }
}

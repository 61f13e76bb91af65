package io.closenotify.testsuite.peers;

import java.io.File;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * The test, or those of the class, need these programs. One that is missing is an error where the environment says
 * {@code CI=true}; elsewhere the tests are skipped, with the reason.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(NeedsProgram.Condition.class)
public @interface NeedsProgram {

    /** Names of programs on the path. */
    String[] value();

    /** Looks the programs up. */
    final class Condition implements ExecutionCondition {

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            String[] needed = AnnotationSupport.findAnnotation(context.getElement(), NeedsProgram.class)
                    .map(NeedsProgram::value)
                    .orElseGet(() -> new String[0]);
            return evaluate(List.of(needed), Objects.toString(System.getenv("PATH"), ""),
                    "true".equals(System.getenv("CI")));
        }

        static ConditionEvaluationResult evaluate(List<String> needed, String path, boolean ci) {
            List<String> missing = needed.stream().filter(name -> !isOn(path, name)).toList();
            if (missing.isEmpty()) {
                return ConditionEvaluationResult.enabled("programs found: " + needed);
            }
            String reason = "programs missing on the path: " + missing;
            if (ci) {
                throw new IllegalStateException(reason + " (CI=true: every peer must be there)");
            }
            return ConditionEvaluationResult.disabled(reason);
        }

        private static boolean isOn(String path, String name) {
            Stream<String> folders = Arrays.stream(path.split(File.pathSeparator));
            return folders.anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
        }
    }
}

package io.closenotify.testsuite.openssl;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** The tests in source files, read by the JDK's parser: those of other modules are on no class path of ours. */
final class TestSources {

    private static final Set<String> TESTS = Set.of("Test", "ParameterizedTest", "RepeatedTest", "TestFactory");
    private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

    private TestSources() {
    }

    /** The names of the tests in each file: the class's and the method's, with a dot between. */
    static Map<Path, Set<String>> tests(Collection<Path> sources) {
        try (StandardJavaFileManager files = COMPILER.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) COMPILER.getTask(null, files, null, List.of("-proc:none"), null,
                    files.getJavaFileObjectsFromPaths(sources));
            Map<Path, Set<String>> tests = new HashMap<>();
            for (CompilationUnitTree unit : task.parse()) {
                Set<String> names = tests.computeIfAbsent(
                        Path.of(unit.getSourceFile().getName()), path -> new HashSet<>());
                unit.getTypeDecls().stream().filter(ClassTree.class::isInstance).map(ClassTree.class::cast)
                        .forEach(type -> addTests(type, names));
            }
            return tests;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void addTests(ClassTree type, Set<String> tests) {
        type.getMembers().stream().filter(MethodTree.class::isInstance).map(MethodTree.class::cast)
                .filter(TestSources::isTest).forEach(test -> tests.add(type.getSimpleName() + "." + test.getName()));
    }

    private static boolean isTest(MethodTree method) {
        List<String> annotations = method.getModifiers().getAnnotations().stream()
                .map(annotation -> annotation.getAnnotationType().toString()).toList();
        return annotations.stream().anyMatch(TESTS::contains) && !annotations.contains("Disabled");
    }
}

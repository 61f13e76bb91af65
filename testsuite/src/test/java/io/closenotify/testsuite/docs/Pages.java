package io.closenotify.testsuite.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What users and contributors read: the pages at the top level and those in {@code docs}. */
final class Pages {

    static final Path TOP = Path.of("..");

    private Pages() {
    }

    static List<Path> all() {
        try (Stream<Path> top = Files.list(TOP); Stream<Path> docs = Files.list(TOP.resolve("docs"))) {
            return Stream.concat(top, docs).filter(page -> page.toString().endsWith(".md")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The sources of every module, those of tests not among them. */
    static List<Path> mainSources() {
        return Stream.of("handler", "quic-handler", "examples").flatMap(Pages::mainSources).toList();
    }

    private static Stream<Path> mainSources(String module) {
        try (Stream<Path> files = Files.walk(TOP.resolve(module).resolve("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

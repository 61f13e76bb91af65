package io.closenotify.testsuite.bench;

import com.fasterxml.jackson.jr.ob.JSON;
import io.closenotify.testsuite.report.Part;
import io.closenotify.testsuite.report.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs a part of the report in a JVM of its own: its heap is its own, and whatever happens there, a crash or no end, is
 * that part's failure alone.
 */
public final class PartProcess {

    private static final int LAST_LINES = 15;

    private PartProcess() {
    }

    static Part run(ReportPart part, Effort effort, Duration limit) throws IOException, InterruptedException {
        Path found = Files.createTempFile(part.toString(), ".json");
        Path log = Files.createTempFile(part.toString(), ".log");
        long start = System.nanoTime();
        try {
            Process process = ChildJvm.running(PartProcess.class.getName(), part.options(),
                            List.of(part.name(), effort.name(), found.toString()))
                    .redirectErrorStream(true).redirectOutput(log.toFile()).start();
            String failure = failure(process, limit);
            double seconds = (System.nanoTime() - start) / 1e9;
            Section section = failure == null ? JSON.std.beanFrom(Section.class, found.toFile()) : null;
            if (failure != null) {
                failure += lastLines(log);
            }
            return new Part(part.toString(), part.title(), seconds, section, failure);
        } finally {
            Files.delete(found);
            Files.delete(log);
        }
    }

    private static @Nullable String failure(Process process, Duration limit) throws InterruptedException {
        try {
            if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                return "not done within " + limit.toSeconds() + " s";
            }
            return process.exitValue() == 0 ? null : "exit code " + process.exitValue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }

    private static String lastLines(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log);
        return "\n" + String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    }

    /**
     * Is the process.
     *
     * @param arguments which part, with how much effort, and where to write what it found
     */
    public static void main(String[] arguments) throws Exception {
        Section section = ReportPart.valueOf(arguments[0]).measure(Effort.valueOf(arguments[1]));
        JSON.std.write(section, Path.of(arguments[2]).toFile());
        // Whatever threads a part has left behind.
        System.exit(0);
    }
}

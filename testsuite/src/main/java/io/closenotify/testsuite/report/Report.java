package io.closenotify.testsuite.report;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The whole of it.
 *
 * @param command that makes it again
 * @param date of the run
 * @param machine where
 * @param parts all that were asked for, in order
 */
public record Report(String command, String date, Machine machine, List<Part> parts) {

    private static final JSON JSON_WRITER = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT);

    /**
     * Returns whether every part found what it looked for; goals do not matter.
     *
     * @return whether none failed
     */
    public boolean isComplete() {
        return parts.stream().allMatch(part -> part.failure() == null);
    }

    /**
     * Writes {@code performance.md}, {@code performance.json} and, in a directory of their own, the plots.
     *
     * @param directory which is made if need be
     */
    public void writeTo(Path directory) throws IOException {
        Path plots = Files.createDirectories(directory.resolve(Markdown.PLOTS));
        for (Part part : parts) {
            if (part.section() != null) {
                for (Plot plot : part.section().plots()) {
                    Files.writeString(plots.resolve(plot.file()), Drawing.svg(plot));
                }
            }
        }
        Files.writeString(directory.resolve("performance.json"), JSON_WRITER.asString(this) + '\n');
        Files.writeString(directory.resolve("performance.md"), Markdown.of(this));
    }
}

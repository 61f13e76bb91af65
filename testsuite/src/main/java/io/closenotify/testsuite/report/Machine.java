package io.closenotify.testsuite.report;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where the figures were taken.
 *
 * @param processors how many, and which
 * @param system the operating system with its version
 * @param java the JVM with its version
 * @param loadBefore how many were running in the minute before the first part; negative if not known
 * @param versions of what was measured, by name
 */
public record Machine(String processors, String system, String java, double loadBefore, Map<String, String> versions) {

    /**
     * Looks around.
     *
     * @param versions of what is going to be measured, by name
     * @return this machine
     */
    public static Machine current(Map<String, String> versions) throws IOException {
        return new Machine(
                Runtime.getRuntime().availableProcessors() + " × " + model(),
                System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                        + System.getProperty("os.arch"),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                new TreeMap<>(versions));
    }

    private static String model() throws IOException {
        Path processors = Path.of("/proc/cpuinfo");
        if (!Files.isReadable(processors)) {
            return "processor";
        }
        return Files.readAllLines(processors).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.replaceFirst("^.*?:\\s*", "").trim())
                .findFirst().orElse("processor");
    }
}

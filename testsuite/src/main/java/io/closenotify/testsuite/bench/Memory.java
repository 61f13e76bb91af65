package io.closenotify.testsuite.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the process occupies.
 *
 * @param heap bytes of live objects
 * @param resident bytes of its resident set; 0 where {@code /proc} does not tell
 */
record Memory(long heap, long resident) {

    private static final int COLLECTIONS = 3;

    static Memory now() throws IOException {
        for (int i = 0; i < COLLECTIONS; i++) {
            ManagementFactory.getMemoryMXBean().gc();
            // The codec's connections have finalizers, which keep them in memory until they have run.
            System.runFinalization();
        }
        return new Memory(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(), residentNow());
    }

    private static long residentNow() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.isReadable(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .findFirst().orElse(0);
    }
}

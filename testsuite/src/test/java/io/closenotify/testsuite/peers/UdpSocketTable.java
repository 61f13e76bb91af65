package io.closenotify.testsuite.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Linux's table of UDP sockets: a datagram cannot ask a server whether it listens without being taken for a client. */
final class UdpSocketTable {

    private static final int LOCAL_ADDRESS = 1;
    private static final int INODE = 9;

    private UdpSocketTable() {
    }

    /** Whether that process has a socket on that port, at whichever address. */
    static boolean holds(long pid, int port) {
        String suffix = String.format(Locale.ROOT, ":%04X", port);
        Set<String> sockets = Stream.of("/proc/net/udp", "/proc/net/udp6")
                .flatMap(table -> lines(Path.of(table)).stream())
                .map(line -> line.strip().split("\\s+"))
                .filter(entry -> entry[LOCAL_ADDRESS].endsWith(suffix))
                .map(entry -> "socket:[" + entry[INODE] + ']')
                .collect(Collectors.toSet());
        return !sockets.isEmpty() && descriptors(pid).stream().anyMatch(sockets::contains);
    }

    private static List<String> lines(Path table) {
        try {
            return Files.exists(table) ? Files.readAllLines(table) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> descriptors(long pid) {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
            return descriptors.map(UdpSocketTable::target).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return "closed meanwhile";
        }
    }
}

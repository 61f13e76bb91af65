package io.closenotify.testsuite.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another JVM like this one. */
final class ChildJvm {

    private ChildJvm() {
    }

    static ProcessBuilder running(String mainClass, List<String> options, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        String ownPath = System.getProperty("java.class.path");
        command.addAll(List.of("-cp", System.getProperty("surefire.test.class.path", ownPath), mainClass));
        command.addAll(arguments);
        return new ProcessBuilder(command);
    }
}

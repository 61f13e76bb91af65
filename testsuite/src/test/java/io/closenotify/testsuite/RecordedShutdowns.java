package io.closenotify.testsuite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** What the Flight Recorder is told of shutdowns. */
public final class RecordedShutdowns implements AutoCloseable {

    private static final String EVENT = "io.closenotify.Shutdown";

    private final Recording recording = new Recording();

    public RecordedShutdowns() {
        recording.enable(EVENT);
        recording.start();
    }

    /** Ends the recording, and returns the events. */
    public List<RecordedEvent> events() throws IOException {
        recording.stop();
        Path file = Files.createTempFile("shutdowns", ".jfr");
        try {
            recording.dump(file);
            return RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().equals(EVENT)).toList();
        } finally {
            Files.delete(file);
        }
    }

    @Override
    public void close() {
        recording.close();
    }
}

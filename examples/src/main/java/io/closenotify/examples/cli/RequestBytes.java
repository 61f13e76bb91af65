package io.closenotify.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A request given as text, with the escapes of Java, or as a file: picocli would take an array for many options. */
final class RequestBytes {

    private static final long LARGEST = 1 << 20;

    private final byte[] bytes;

    private RequestBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    byte[] toArray() {
        return bytes.clone();
    }

    static final class Converter implements ITypeConverter<RequestBytes> {

        @Override
        public RequestBytes convert(String value) throws IOException {
            if (value.startsWith("@")) {
                var file = new ReadableFile().convert(value.substring(1));
                if (file.length() == 0 || file.length() > LARGEST) {
                    throw new TypeConversionException(value + " (expected: a file of 1 to " + LARGEST + " bytes)");
                }
                return new RequestBytes(Files.readAllBytes(file.toPath()));
            }
            if (value.isEmpty()) {
                throw new TypeConversionException("'' (expected: TEXT or @FILE)");
            }
            try {
                return new RequestBytes(value.translateEscapes().getBytes(UTF_8));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(value + " (expected: escapes such as \\r and \\n)");
            }
        }
    }
}

package io.closenotify.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts a request given as text, with the escapes of Java, or as a file. */
final class RequestConverter implements ITypeConverter<byte[]> {

    private static final long LARGEST = 1 << 20;

    @Override
    public byte[] convert(String value) throws IOException {
        if (value.startsWith("@")) {
            var file = new ReadableFile().convert(value.substring(1));
            if (file.length() == 0 || file.length() > LARGEST) {
                throw new TypeConversionException(value + " (expected: a file of 1 to " + LARGEST + " bytes)");
            }
            return Files.readAllBytes(file.toPath());
        }
        if (value.isEmpty()) {
            throw new TypeConversionException("'' (expected: TEXT or @FILE)");
        }
        try {
            return value.translateEscapes().getBytes(UTF_8);
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(value + " (expected: escapes such as \\r and \\n)");
        }
    }
}

package io.closenotify.examples.cli;

import java.io.File;
import java.io.FileInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** What {@code --send} names. */
interface Payload {

    /** Opens the data, from its beginning. */
    InputStream open() throws IOException;

    /** Whether there is more than one time to open it. */
    default boolean isRepeatable() {
        return true;
    }

    final class Converter implements ITypeConverter<Payload> {

        @Override
        public Payload convert(String value) {
            if (value.equals("-")) {
                return new StandardInput();
            }
            if (value.startsWith("@")) {
                File file = new ReadableFile().convert(value.substring(1));
                return () -> new FileInputStream(file);
            }
            try {
                long bytes = Numbers.parse(value, 0, Long.MAX_VALUE, "");
                return () -> new Filler(bytes);
            } catch (TypeConversionException e) {
                throw new TypeConversionException(value + " (expected: a number of bytes, @FILE or -)");
            }
        }
    }

    final class StandardInput implements Payload {

        @Override
        public InputStream open() {
            return new FilterInputStream(System.in) {
                @Override
                public void close() {
                    // Not ours: where stdin was closed from the beginning, its descriptor may be another file's.
                }
            };
        }

        @Override
        public boolean isRepeatable() {
            return false;
        }
    }
}

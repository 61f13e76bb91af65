package io.closenotify.examples.cli;

import java.io.File;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts the name of a file that must be there to be read. */
final class ReadableFile implements ITypeConverter<File> {

    @Override
    public File convert(String value) {
        File file = new File(value);
        if (!file.isFile() || !file.canRead()) {
            throw new TypeConversionException(value + " (expected: a readable file)");
        }
        return file;
    }
}

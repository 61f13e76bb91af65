package io.closenotify.examples.cli;

import io.closenotify.ShutdownPolicy;
import io.closenotify.quic.QuicConnectionClose;
import java.time.Duration;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts the numbers of the command line, each within its range. */
final class Numbers {

    private Numbers() {
    }

    static long parse(String value, long min, long max, String unit) {
        try {
            long number = Long.parseLong(value);
            if (number >= min && number <= max) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, as numbers out of range are.
        }
        String range = max == Long.MAX_VALUE ? ">= " + min : min + " to " + max;
        throw new TypeConversionException(value + " (expected: " + range + (unit.isEmpty() ? "" : ' ' + unit) + ')');
    }

    static final class Port implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String value) {
            return (int) parse(value, 0, 65535, "");
        }
    }

    static final class Millis implements ITypeConverter<Duration> {

        @Override
        public Duration convert(String value) {
            return Duration.ofMillis(parse(value, 0, ShutdownPolicy.MAX_TIMEOUT.toMillis(), "ms"));
        }
    }

    /** What {@code DtlsHandlerBuilder} accepts. */
    static final class Mtu implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String value) {
            return (int) parse(value, 256, 16_384, "bytes");
        }
    }

    static final class Bytes implements ITypeConverter<Long> {

        @Override
        public Long convert(String value) {
            return parse(value, 0, Long.MAX_VALUE, "bytes");
        }
    }

    /** An error code of QUIC, decimal or hexadecimal. */
    static final class ErrorCode implements ITypeConverter<Long> {

        private static final Pattern HEXADECIMAL = Pattern.compile("0[xX]\\p{XDigit}+");

        @Override
        public Long convert(String value) {
            try {
                long code = HEXADECIMAL.matcher(value).matches() ? Long.decode(value) : Long.parseLong(value);
                if (code >= 0 && code <= QuicConnectionClose.MAX_ERROR_CODE) {
                    return code;
                }
            } catch (NumberFormatException e) {
                // Told below, as numbers out of range are.
            }
            throw new TypeConversionException(value + " (expected: 0 to " + QuicConnectionClose.MAX_ERROR_CODE
                    + ", which is 2^62 - 1, or the same as 0x…)");
        }
    }

    /** At most so many; 0 for any number. */
    static final class Cap implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String value) {
            return (int) parse(value, 0, Integer.MAX_VALUE, "");
        }
    }

    static final class Count implements ITypeConverter<Integer> {

        @Override
        public Integer convert(String value) {
            return (int) parse(value, 1, Integer.MAX_VALUE, "");
        }
    }
}

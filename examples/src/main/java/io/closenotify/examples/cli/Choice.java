package io.closenotify.examples.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts an option that names one of a few things, and names them all where it does not. */
final class Choice<T> implements ITypeConverter<T> {

    private final Map<String, T> choices = new LinkedHashMap<>();

    private Choice() {
    }

    static <E extends Enum<E>> Choice<E> of(Class<E> type) {
        return of(type, Labels::of);
    }

    static <E extends Enum<E>> Choice<E> of(Class<E> type, Function<? super E, String> label) {
        Choice<E> choice = new Choice<>();
        for (E constant : type.getEnumConstants()) {
            choice.choices.put(label.apply(constant), constant);
        }
        return choice;
    }

    @Override
    public T convert(String value) {
        T chosen = choices.get(value);
        if (chosen == null) {
            throw new TypeConversionException(value + " (expected: " + String.join("|", choices.keySet()) + ')');
        }
        return chosen;
    }
}

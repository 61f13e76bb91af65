package io.closenotify.examples.probe;

import java.util.Locale;

/** Text from a peer, with the characters that nobody sees, or that turn others around, spelt out. */
final class VisibleText {

    private VisibleText() {
    }

    static String of(String text) {
        if (text.codePoints().noneMatch(VisibleText::hidden)) {
            return text;
        }
        StringBuilder visible = new StringBuilder();
        text.codePoints().forEach(point -> {
            if (hidden(point)) {
                visible.append("\\u{").append(Integer.toHexString(point).toUpperCase(Locale.ROOT)).append('}');
            } else {
                visible.appendCodePoint(point);
            }
        });
        return visible.toString();
    }

    private static boolean hidden(int point) {
        return switch (Character.getType(point)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR, Character.UNASSIGNED, Character.PRIVATE_USE -> true;
            default -> false;
        };
    }
}

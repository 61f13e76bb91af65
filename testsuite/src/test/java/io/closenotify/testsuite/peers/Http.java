package io.closenotify.testsuite.peers;

import java.util.stream.Collectors;
import java.util.stream.Stream;

/** HTTP/1.1, spelled out. */
final class Http {

    private static final String CRLF = "\r\n";

    private Http() {
    }

    static String get(String path, String... headers) {
        return "GET " + path + " HTTP/1.1" + CRLF + "Host: localhost" + CRLF + lines(Stream.of(headers)) + CRLF;
    }

    static String ok(String body, String... headers) {
        return head(Stream.concat(Stream.of(headers), Stream.of("Content-Length: " + body.length()))) + body;
    }

    /** A response that ends with the connection. */
    static String okUntilTheEnd(String body) {
        return head(Stream.empty()) + body;
    }

    private static String head(Stream<String> headers) {
        return "HTTP/1.1 200 OK" + CRLF + lines(headers) + CRLF;
    }

    private static String lines(Stream<String> headers) {
        return headers.map(header -> header + CRLF).collect(Collectors.joining());
    }
}

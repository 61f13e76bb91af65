package io.closenotify.examples.probe.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.closenotify.examples.probe.ProbeReport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** What is asked of a peer, once TLS is there. */
public final class Requests {

    private final byte[] open;
    private final byte[] closing;

    private Requests(byte[] open, byte[] closing) {
        this.open = open;
        this.closing = closing;
    }

    /** HTTP/1.1, by {@code GET /}. */
    public static Requests http(String host, int port) {
        // Servers like to see their name without the port that goes without saying.
        String authority = ProbeReport.target(host, port).replaceFirst(":443$", "");
        String get = "GET / HTTP/1.1\r\nHost: " + authority + "\r\nUser-Agent: closenotify-probe\r\nAccept: */*\r\n";
        return of(get + "\r\n", get + "Connection: close\r\n\r\n");
    }

    /** One request for everything. */
    public static Requests of(byte[] request) {
        byte[] copy = request.clone();
        return new Requests(copy, copy);
    }

    /** Each character a byte. */
    static Requests of(String open, String closing) {
        return new Requests(open.getBytes(ISO_8859_1), closing.getBytes(ISO_8859_1));
    }

    /** Is answered, and leaves the connection open. */
    ByteBuf open() {
        return Unpooled.copiedBuffer(open);
    }

    /** Makes the peer close. */
    ByteBuf closing() {
        return Unpooled.copiedBuffer(closing);
    }
}

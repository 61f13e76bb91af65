package io.closenotify.testsuite.peers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.closenotify.testsuite.Waits;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A server without TLS, for proxies to stand before; the test answers its requests. */
final class HttpBackend implements AutoCloseable {

    private final HttpServer server;
    private final BlockingQueue<HttpExchange> requests = new LinkedBlockingQueue<>();

    HttpBackend() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", requests::add);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    HttpExchange next() throws InterruptedException {
        return Waits.next(requests, "a request");
    }

    static void answer(HttpExchange exchange, String body) throws IOException {
        begin(exchange, body, body.length());
        exchange.close();
    }

    /** Sends the beginning of a response of this length. */
    static void begin(HttpExchange exchange, String body, long length) throws IOException {
        exchange.sendResponseHeaders(200, length);
        exchange.getResponseBody().write(body.getBytes(StandardCharsets.ISO_8859_1));
        exchange.getResponseBody().flush();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}

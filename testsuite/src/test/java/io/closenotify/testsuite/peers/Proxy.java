package io.closenotify.testsuite.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.Connection.Application;
import io.closenotify.testsuite.TlsSetup;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** A program that listens without TLS and passes HTTP requests on to a server of ours, over TLS. */
record Proxy(RealPeer peer, int port) implements AutoCloseable {

    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Starts the program, which is told the port of our server. */
    interface Starter {

        ListeningProgram start(int port) throws Exception;
    }

    static Proxy before(TlsSetup setup, ShutdownPolicy policy, Starter starter) throws Exception {
        RealPeer peer = RealPeer.ourServer(setup, policy, Application.QUIET);
        try {
            ListeningProgram program = starter.start(peer.port());
            peer.attach(program.process());
            return new Proxy(peer, program.port());
        } catch (Throwable e) {
            peer.close();
            throw e;
        }
    }

    /** Asks the proxy; its answer follows ours. */
    Future<String> get(String path) {
        return CLIENT.sendAsync(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                BodyHandlers.ofString()).thenApply(HttpResponse::body);
    }

    static String body(Future<String> response) throws Exception {
        return response.get(Waits.DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Our end of a new connection on which a request has come. */
    Connection request() throws Exception {
        Connection ours = peer.accept();
        ours.awaitText("\r\n\r\n");
        return ours;
    }

    /** Our end of a new connection on which a request was answered. */
    Connection idle(String path) throws Exception {
        Future<String> response = get(path);
        Connection ours = request();
        ours.write(Http.ok("hello"));
        assertThat(body(response)).isEqualTo("hello");
        return ours;
    }

    @Override
    public void close() {
        peer.close();
    }
}

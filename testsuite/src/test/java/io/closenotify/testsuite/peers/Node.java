package io.closenotify.testsuite.peers;

import io.closenotify.ShutdownPolicy;
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.peers.Connection.Application;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * A peer in a process of Node, with our connections to it: see {@code node_peers.js} for its roles, options and lines.
 * Many share a process, which takes longer to start than all that they do.
 */
final class Node implements AutoCloseable {

    private static final AtomicLong COUNT = new AtomicLong();

    private final PeerProcess program;
    private final String prefix = COUNT.incrementAndGet() + " ";
    private RealPeer peer;

    private Node(PeerProcess program) {
        this.program = program;
    }

    static PeerProcess program() {
        return PeerProcess.start(List.of("node", PeerProcess.script("node_peers.js")));
    }

    static Node server(PeerProcess program, TlsSetup setup, String role, String... options) throws Exception {
        Node node = new Node(program);
        node.start(role, "cert=" + TestCertificate.certificateFile() + " key=" + TestCertificate.keyFile(), options);
        String listening = "listening on ";
        String line = node.awaitLine(each -> each.startsWith(listening));
        node.peer = RealPeer.server(setup, Integer.parseInt(line.substring(listening.length())));
        return node;
    }

    /** A client that connects when it is told to. */
    static Node client(PeerProcess program, TlsSetup setup, ShutdownPolicy policy, String role, String... options)
            throws Exception {
        Node node = new Node(program);
        node.peer = RealPeer.ourServer(setup, policy, Application.QUIET);
        node.start(role, "port=" + node.peer.port(), options);
        return node;
    }

    private void start(String role, String first, String... more) {
        send("start " + role + ' ' + first + ' ' + String.join(" ", more));
    }

    RealPeer peer() {
        return peer;
    }

    void send(String line) {
        program.send(prefix + line + '\n');
    }

    String awaitLine(Predicate<String> matches) throws InterruptedException {
        return program.awaitLine(line -> line.startsWith(prefix) && matches.test(line.substring(prefix.length())))
                .substring(prefix.length());
    }

    @Override
    public void close() {
        send("stop");
        if (peer != null) {
            peer.close();
        }
    }
}

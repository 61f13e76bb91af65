package io.closenotify.testsuite.peers;

import com.fasterxml.jackson.jr.ob.JSON;
import io.closenotify.testsuite.TestCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** The scripted OpenSSL peer: see {@code scripted_peer.py} for its steps. */
final class ScriptedPeer implements AutoCloseable {

    /** Ends and resets as the peer saw them. */
    enum End { FIN, RESET }

    /** What the peer saw of one connection. */
    record Report(String version, boolean resumed, long bytes, boolean intact, boolean closeNotify, String alert,
            End end, String failure) {
    }

    private final PeerProcess process;
    private final int port;

    private ScriptedPeer(PeerProcess process, int port) {
        this.process = process;
        this.port = port;
    }

    static ScriptedPeer server(String version, int connections, String steps) throws InterruptedException {
        PeerProcess process = PeerProcess.start(command(List.of("--role", "server",
                "--cert", TestCertificate.certificateFile(), "--key", TestCertificate.keyFile()),
                version, connections, steps));
        try {
            Map<String, Object> listening = parse(process.awaitLine(line -> line.contains("\"listening\"")));
            return new ScriptedPeer(process, (Integer) listening.get("port"));
        } catch (AssertionError e) {
            process.close();
            throw e;
        }
    }

    static ScriptedPeer client(String version, int port, int connections, String steps) {
        return new ScriptedPeer(PeerProcess.start(command(
                List.of("--role", "client", "--port", Integer.toString(port)), version, connections, steps)), port);
    }

    private static List<String> command(List<String> role, String version, int connections, String steps) {
        List<String> command = Python.command("scripted_peer.py");
        command.addAll(role);
        command.addAll(List.of("--tls", version.replace("TLSv", ""), "--connections", Integer.toString(connections)));
        command.addAll(List.of(steps.split(" ")));
        return command;
    }

    int port() {
        return port;
    }

    /** Lets a script that waits for a line go on. */
    void goOn() {
        process.send("\n");
    }

    void awaitMark(String name) throws InterruptedException {
        process.awaitLine(line -> name.equals(parse(line).get("name")));
    }

    /** Waits for the end of the next connection. */
    Report report() throws InterruptedException {
        Map<String, Object> end = parse(process.awaitLine(line -> "end".equals(parse(line).get("event"))));
        Object how = end.get("end");
        return new Report((String) end.get("version"), (Boolean) end.get("resumed"),
                ((Number) end.get("bytes")).longValue(), (Boolean) end.get("intact"),
                (Boolean) end.get("closeNotify"), (String) end.get("alert"),
                how == null ? null : "fin".equals(how) ? End.FIN : End.RESET, (String) end.get("failure"));
    }

    private static Map<String, Object> parse(String line) {
        if (!line.startsWith("{")) {
            return Map.of();
        }
        try {
            return JSON.std.mapFrom(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.close();
    }
}

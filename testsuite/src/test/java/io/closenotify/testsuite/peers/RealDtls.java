package io.closenotify.testsuite.peers;

import static io.closenotify.testsuite.peers.DtlsFeature.ANSWERS;
import static io.closenotify.testsuite.peers.DtlsFeature.BEARS_DOUBLED_FLIGHT;
import static io.closenotify.testsuite.peers.DtlsFeature.CLOSES_FIRST;
import static io.closenotify.testsuite.peers.DtlsFeature.CONNECTS_WITHOUT_DATA;
import static io.closenotify.testsuite.peers.DtlsFeature.ECHOES;
import static io.closenotify.testsuite.peers.DtlsFeature.INSISTS_ON_TICKETS;
import static io.closenotify.testsuite.peers.DtlsFeature.RESUMES;
import static io.closenotify.testsuite.peers.DtlsFeature.RESUMES_ITSELF;
import static io.closenotify.testsuite.peers.DtlsFeature.SENDS;
import static io.closenotify.testsuite.peers.DtlsFeature.SENDS_TICKETS;
import static io.closenotify.testsuite.peers.DtlsFeature.SERVES_AT_ONCE;
import static io.closenotify.testsuite.peers.DtlsFeature.SERVES_IN_TURN;
import static io.closenotify.testsuite.peers.DtlsFeature.SURVIVES_LOSS;
import static io.closenotify.testsuite.peers.DtlsFeature.TELLS_ANSWER;
import static io.closenotify.testsuite.peers.DtlsFeature.TELLS_DATA;

import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.peers.DtlsProgram.Speech;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The DTLS 1.2 implementations of others. No client refuses a certificate.
 *
 * <p>Clients wait 1 s for a flight, then double that. Servers repeat theirs by such a timer, and the last one when the
 * client's comes again (GnuTLS not within a second of its own); Botan's server does neither.
 */
enum RealDtls {

    /**
     * {@code openssl}. What the other side sends, each writes down as it is; what one types, it sends.
     *
     * <p>The server echoes nothing ({@code -rev} is not for DTLS), and with {@code -quiet} no letter of its input is a
     * command. The end of its input, an empty message it then fails to send, makes it send close_notify and forget the
     * connection: it takes the answer for a new client, and closes every later connection as well. One client in turn.
     *
     * <p>The client sends close_notify for a line Q, and ends half a second later without having read an answer. It
     * answers ours.
     */
    OPENSSL(EnumSet.of(SENDS, TELLS_DATA, CLOSES_FIRST, ANSWERS, RESUMES, SURVIVES_LOSS, SENDS_TICKETS,
                    SERVES_IN_TURN),
            EnumSet.of(SENDS, TELLS_DATA, CLOSES_FIRST, ANSWERS, RESUMES, SURVIVES_LOSS, CONNECTS_WITHOUT_DATA,
                    BEARS_DOUBLED_FLIGHT)) {

        @Override
        DtlsServerPeer server() throws InterruptedException {
            return DtlsProgram.server(
                    new Speech(serverFeatures(), "", RECEIVED, NEVER, NEVER, PeerProcess::endInput),
                    port -> List.of("openssl", "s_server", "-dtls1_2", "-accept", "127.0.0.1:" + port,
                            "-cert", TestCertificate.certificateFile(), "-key", TestCertificate.keyFile(),
                            "-mtu", MTU, "-timeout", "-quiet", "-state"));
        }

        @Override
        DtlsClientPeer client(InetSocketAddress server, Tickets tickets) {
            List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-dtls1_2",
                    "-connect", "127.0.0.1:" + server.getPort(), "-mtu", MTU, "-timeout", "-state"));
            if (tickets == Tickets.NONE) {
                command.add("-no_ticket");
            }
            String session = sessionFile();
            return DtlsProgram.client(
                    new Speech(clientFeatures(), "", RECEIVED, Pattern.compile("^(New|Reused), "),
                            Pattern.compile("^Reused, "), process -> process.send("Q\n")),
                    with(command, "-sess_out", session), with(command, "-sess_in", session));
        }

        /** With {@code -state} alone. */
        private static final Pattern RECEIVED = Pattern.compile("^SSL3 alert read:warning:close notify$");
    },

    /**
     * {@code gnutls-serv} and {@code gnutls-cli}.
     *
     * <p>The server echoes, one client in turn. It never sends close_notify, not even in answer; a client that waits
     * for it waits for ever, as gnutls-cli does.
     *
     * <p>The client sends close_notify at the end of its input, and waits for the answer; ours it does not answer.
     */
    GNUTLS(EnumSet.of(TELLS_DATA, RESUMES, SURVIVES_LOSS, ECHOES, SENDS_TICKETS, SERVES_IN_TURN),
            EnumSet.of(SENDS, TELLS_DATA, CLOSES_FIRST, TELLS_ANSWER, RESUMES_ITSELF, SURVIVES_LOSS,
                    CONNECTS_WITHOUT_DATA, BEARS_DOUBLED_FLIGHT)) {

        @Override
        DtlsServerPeer server() throws InterruptedException {
            return DtlsProgram.server(
                    new Speech(serverFeatures(), "received\\[\\w+]: ", RECEIVED, NEVER, NEVER, REFUSE),
                    port -> List.of("gnutls-serv", "--udp", "--echo", "--port", Integer.toString(port),
                            "--x509keyfile", TestCertificate.keyFile(),
                            "--x509certfile", TestCertificate.certificateFile(), "--disable-client-cert",
                            "--priority", PRIORITY, "--mtu", MTU, "-d", "5"));
        }

        @Override
        DtlsClientPeer client(InetSocketAddress server, Tickets tickets) {
            // Of --noticket 3.7.9 takes no notice.
            String priority = tickets == Tickets.NONE ? PRIORITY + ":%NO_TICKETS" : PRIORITY;
            List<String> command = List.of("gnutls-cli", "--udp", "--insecure", "--mtu", MTU,
                    "--port", Integer.toString(server.getPort()), "--priority", priority, "-d", "5", "127.0.0.1");
            return DtlsProgram.client(
                    new Speech(clientFeatures(), "", RECEIVED, Pattern.compile("Handshake was completed$"),
                            Pattern.compile("Resume Handshake"), PeerProcess::endInput),
                    command, with(command, "--resume"));
        }

        /** With {@code -d 5} alone. */
        private static final Pattern RECEIVED = Pattern.compile("Close notify - was received$");
        private static final String PRIORITY = "NORMAL:-VERS-ALL:+VERS-DTLS1.2";
    },

    /**
     * {@code botan}, of Botan 2.
     *
     * <p>The server echoes, and does not tell what. It serves whoever comes first, and nobody else, for its socket is
     * connected then; from the same port a session is resumed. It asks for no cookie, repeats no flight, and answers a
     * ClientHello that comes again by a fatal alert.
     *
     * <p>A last flight that comes twice makes the client fail with unexpected_message at the first data. It sends
     * close_notify at the end of its input and leaves at once.
     */
    BOTAN(EnumSet.of(ANSWERS, ECHOES),
            EnumSet.of(SENDS, TELLS_DATA, CLOSES_FIRST, ANSWERS, SURVIVES_LOSS, CONNECTS_WITHOUT_DATA,
                    INSISTS_ON_TICKETS)) {

        @Override
        DtlsServerPeer server() throws InterruptedException {
            return DtlsProgram.server(new Speech(serverFeatures(), "", RECEIVED, NEVER, NEVER, REFUSE),
                    port -> List.of("botan", "tls_server", TestCertificate.certificateFile(),
                            TestCertificate.keyFile(), "--port=" + port, "--type=udp", "--policy=default"));
        }

        @Override
        DtlsClientPeer client(InetSocketAddress server, Tickets tickets) {
            // The policy for datagrams refuses certificates that are signed by SHA-256.
            List<String> command = List.of("botan", "tls_client", "127.0.0.1", "--port=" + server.getPort(),
                    "--type=udp", "--policy=default", "--skip-system-cert-store",
                    "--trusted-cas=" + TestCertificate.certificateFile());
            return DtlsProgram.client(
                    new Speech(clientFeatures(), "", RECEIVED, Pattern.compile("^Handshake complete, "), NEVER,
                            PeerProcess::endInput),
                    command, command);
        }

        private static final Pattern RECEIVED = Pattern.compile("^Alert: close_notify$");
    },

    /** Scandium, in process: see {@link Scandium}. */
    SCANDIUM(EnumSet.of(SENDS, TELLS_DATA, CLOSES_FIRST, TELLS_ANSWER, ANSWERS, RESUMES, SURVIVES_LOSS, ECHOES,
                    SERVES_IN_TURN, SERVES_AT_ONCE),
            EnumSet.of(SENDS, TELLS_DATA, CLOSES_FIRST, TELLS_ANSWER, ANSWERS, RESUMES, SURVIVES_LOSS,
                    BEARS_DOUBLED_FLIGHT)) {

        @Override
        DtlsServerPeer server() {
            return Scandium.server(serverFeatures());
        }

        @Override
        DtlsClientPeer client(InetSocketAddress server, Tickets tickets) {
            return Scandium.client(clientFeatures(), server);
        }
    };

    enum Tickets { IF_KNOWN, NONE }

    private static final String MTU = "1400";
    private static final Pattern NEVER = Pattern.compile("(?!)");
    private static final Consumer<PeerProcess> REFUSE = process -> {
        throw new UnsupportedOperationException();
    };

    private final Set<DtlsFeature> serverFeatures;
    private final Set<DtlsFeature> clientFeatures;

    RealDtls(Set<DtlsFeature> serverFeatures, Set<DtlsFeature> clientFeatures) {
        this.serverFeatures = Collections.unmodifiableSet(serverFeatures);
        this.clientFeatures = Collections.unmodifiableSet(clientFeatures);
    }

    final Set<DtlsFeature> serverFeatures() {
        return serverFeatures;
    }

    final Set<DtlsFeature> clientFeatures() {
        return clientFeatures;
    }

    /** Starts a server on a free port of loopback, and waits until it listens. */
    abstract DtlsServerPeer server() throws InterruptedException;

    /** Starts a client that offers to take session tickets if it knows them. */
    final DtlsClientPeer connect(InetSocketAddress server) {
        return client(server, Tickets.IF_KNOWN);
    }

    /** Starts a client that offers to take no session tickets. */
    final DtlsClientPeer connectWithoutTickets(InetSocketAddress server) {
        if (clientFeatures.contains(DtlsFeature.INSISTS_ON_TICKETS)) {
            throw new UnsupportedOperationException(this + " always offers to take tickets");
        }
        return client(server, Tickets.NONE);
    }

    abstract DtlsClientPeer client(InetSocketAddress server, Tickets tickets);

    private static List<String> with(List<String> command, String... options) {
        return Stream.concat(command.stream(), Stream.of(options)).toList();
    }

    private static String sessionFile() {
        try {
            Path file = Files.createTempFile("session", ".pem");
            file.toFile().deleteOnExit();
            return file.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

package io.closenotify.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every example says what it promises. */
@Timeout(60)
final class ExamplesTest {

    @FunctionalInterface
    private interface Example {

        void main(String... arguments) throws Exception;
    }

    private static List<String> output(Example example) throws Exception {
        PrintStream stdout = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (PrintStream out = new PrintStream(printed, true, UTF_8)) {
            System.setOut(out);
            example.main();
        } finally {
            System.setOut(stdout);
        }
        return printed.toString(UTF_8).lines().toList();
    }

    private static List<String> said(List<String> output, String who) {
        return output.stream().filter(line -> line.startsWith(who)).toList();
    }

    @Test
    void hello() throws Exception {
        SelfSignedCertificate certificate = new SelfSignedCertificate("localhost");
        SslContext tls = SslContextBuilder.forServer(certificate.key(), certificate.cert()).build();
        List<String> output = output(unused -> {
            try (Loopback loopback = new Loopback()) {
                InetSocketAddress server =
                        (InetSocketAddress) loopback.listen(HelloServer.pipeline(tls)).localAddress();
                HelloClient.main(new String[] {"" + server.getPort(), certificate.certificate().getPath()});
            }
        });
        certificate.delete();

        assertThat(said(output, "client")).containsExactly("client: hello",
                "client: CLEAN, the peer's close_notify came: true");
        assertThat(said(output, "server")).containsExactly("server: CLEAN, begun by PEER");
    }

    @Test
    void bidirectional() throws Exception {
        List<String> output = output(BidirectionalShutdownExample::main);

        assertThat(said(output, "client")).singleElement().asString().startsWith("client: CLEAN in ");
        assertThat(said(output, "server")).containsExactly("server: CLEAN");
    }

    @Test
    void fast() throws Exception {
        List<String> output = output(FastShutdownExample::main);

        assertThat(said(output, "client")).singleElement().asString().contains("peer answered");
        assertThat(said(output, "server")).containsExactly("server: CLEAN");
    }

    @Test
    void drain() throws Exception {
        List<String> output = output(DrainExample::main);

        assertThat(said(output, "server")).containsExactly("server: CLEAN");
        assertThat(said(output, "drain")).first().asString().startsWith("drain: open 1, closing 0, done 0, forced 0");
        assertThat(said(output, "forced")).containsExactly("forced: 0 of 1");
    }

    @Test
    void dtls() throws Exception {
        List<String> output = output(DtlsExample::main);

        assertThat(said(output, "client"))
                .containsExactly("client: hello", "client: CLEAN, sent again: 0, missing at most: 0");
        assertThat(said(output, "server")).containsExactly("server: CLEAN");
    }

    @Test
    void quiet() throws Exception {
        List<String> output = output(QuietShutdownExample::main);

        assertThat(said(output, "client")).containsExactly("client: QUIET");
        assertThat(said(output, "server")).hasSize(2).contains("server: TRUNCATED");
    }

    @Test
    void start_tls() throws Exception {
        assertThat(output(StartTlsExample::main)).containsExactlyInAnyOrder("client: CLEAN", "server: CLEAN");
    }

    @Test
    void defer_answers_what_came_with_close_notify() throws Exception {
        assertThat(output(DeferExample::main)).containsExactlyInAnyOrder("client: CLEAN, 6000000 bytes",
                "server: CLEAN, begun by PEER");
    }

    @Test
    void half_close_goes_on_reading() throws Exception {
        assertThat(output(HalfCloseExample::main)).containsExactly("server: 29 bytes, and that was all",
                "client: CLEAN, 1000000 bytes after our close_notify");
    }

    @Test
    void ccc_clears_the_connection_and_nothing_else_does() throws Exception {
        List<String> output = output(FtpCccExample::main);

        assertThat(said(output, "client")).startsWith("client: 220 ready", "client: 234 go ahead",
                "client: 250 USER a by TLS", "client: 200 clearing", "client: CLEAN, kept: true",
                "client: 250 PASV in plaintext", "client: 221 bye",
                "client: 220 ready", "client: 234 go ahead", "client: 250 USER b by TLS");
        assertThat(said(output, "server")).containsExactly("server: CLEAN, kept: true", "server: CLEAN, kept: false");
    }

    @Test
    void tls_is_removed_from_ldap_by_either_side() throws Exception {
        List<String> output = output(LdapStartTlsRemovalExample::main);

        assertThat(said(output, "client")).containsExactly(
                "client in plaintext: StartTLS: success", "client by TLS: Search 1: success",
                "client: TLS removed, CLEAN, begun by LOCAL", "client in plaintext: Search 2: success",
                "client in plaintext: StartTLS: success", "client by TLS: Search 1: success",
                "client: TLS removed, CLEAN, begun by PEER", "client in plaintext: Search 2: success");
        assertThat(said(output, "server")).containsExactly(
                "server in plaintext: StartTLS", "server by TLS: Search 1",
                "server: TLS removed, CLEAN, begun by PEER", "server in plaintext: Search 2",
                "server in plaintext: Unbind",
                "server in plaintext: StartTLS", "server by TLS: Search 1",
                "server: TLS removed, CLEAN, begun by LOCAL", "server in plaintext: Search 2",
                "server in plaintext: Unbind");
    }
}

package io.closenotify.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.testkit.PeerEvent.AfterTls;
import io.closenotify.testkit.PeerEvent.CloseNotify;
import io.closenotify.testkit.PeerEvent.Data;
import io.closenotify.testkit.PeerEvent.FatalAlert;
import io.closenotify.testkit.PeerEvent.Fin;
import io.closenotify.testkit.PeerEvent.Handshake;
import io.closenotify.testkit.PeerEvent.Reset;
import io.closenotify.testkit.PeerEvent.UnreadableRecord;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scripted servers and clients against each other, and against the JDK's sockets. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(30)
class ScriptedTlsPeerTest {

    private static final TlsScript HANDSHAKE = TlsScript.begin().handshake();
    private static final Duration SHORT = Duration.ofMillis(300);

    /** A server and a client of one version that play against each other. */
    private record Pair(ScriptedTlsPeer server, ScriptedTlsPeer client) implements AutoCloseable {

        static Pair play(String protocol, TlsScript server, TlsScript client) {
            return play(ScriptedTlsPeer.server().protocols(protocol), server, client);
        }

        /** The client's receive buffer is small. */
        static Pair play(ScriptedTlsPeer.Builder builder, TlsScript server, TlsScript client) {
            ScriptedTlsPeer listening = builder.play(server);
            try {
                return new Pair(listening,
                        ScriptedTlsPeer.client(listening.address()).receiveBuffer(4_096).play(client));
            } catch (RuntimeException e) {
                listening.close();
                throw e;
            }
        }

        void assertServerSaw(PeerEvent... events) throws Exception {
            assertThat(done(server.report()).events()).containsExactly(events);
        }

        void assertClientSaw(PeerEvent... events) throws Exception {
            assertThat(done(client.report()).events()).containsExactly(events);
        }

        @Override
        public void close() {
            client.close();
            server.close();
        }
    }

    private static PeerReport done(CompletableFuture<PeerReport> report) throws Exception {
        return report.get(10, TimeUnit.SECONDS);
    }

    private static Throwable failure(CompletableFuture<PeerReport> report) throws Exception {
        try {
            throw new AssertionError(done(report).events().toString());
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void data_close_notify_and_fin_are_told_in_order_by_both_sides(String protocol) throws Exception {
        try (Pair pair = Pair.play(protocol,
                HANDSHAKE.receive(5).send("wor").send("ld!").awaitCloseNotify().closeNotify().awaitEnd(),
                HANDSHAKE.send("hello").receive(6).closeNotify().awaitCloseNotify().fin().awaitEnd())) {
            pair.assertServerSaw(new Handshake(), new Data(5), new CloseNotify(), new Fin());
            pair.assertClientSaw(new Handshake(), new Data(6), new CloseNotify(), new Fin());
            PeerReport report = done(pair.client.report());
            assertThat(report.protocol()).isEqualTo(protocol);
            assertThat(report.text()).isEqualTo("world!");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void data_may_follow_the_close_notify_of_the_other_side(String protocol) throws Exception {
        String late = "late".repeat(100_000);
        try (Pair pair = Pair.play(protocol,
                HANDSHAKE.awaitCloseNotify().send(late).closeNotify().awaitEnd(),
                HANDSHAKE.closeNotify().receive(400_000).awaitCloseNotify())) {
            pair.assertClientSaw(new Handshake(), new Data(400_000), new CloseNotify());
            pair.assertServerSaw(new Handshake(), new CloseNotify(), new Fin());
            assertThat(done(pair.client.report()).text()).isEqualTo(late);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void data_may_follow_the_fin_of_the_other_side_and_what_came_with_it_is_told_in_order(String protocol)
            throws Exception {
        try (Pair pair = Pair.play(protocol,
                HANDSHAKE.awaitCloseNotify().awaitEnd().send("late").closeNotify(),
                HANDSHAKE.send("x").closeNotify().fin().awaitEnd())) {
            pair.assertServerSaw(new Handshake(), new Data(1), new CloseNotify(), new Fin());
            pair.assertClientSaw(new Handshake(), new Data(4), new CloseNotify(), new Fin());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void close_notify_is_not_answered_by_itself(String protocol) throws Exception {
        try (Pair pair = Pair.play(protocol, HANDSHAKE.awaitCloseNotify().fin().awaitEnd(),
                HANDSHAKE.closeNotify().awaitEnd())) {
            pair.assertClientSaw(new Handshake(), new Fin());
            pair.assertServerSaw(new Handshake(), new CloseNotify(), new Fin());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void a_record_that_is_cut_goes_on_with_the_rest_of_it(String protocol) throws Exception {
        try (Pair pair = Pair.play(protocol,
                HANDSHAKE.cutNext(7).send("hello").mark("half").awaitSignal("go on").rest().closeNotify().awaitEnd(),
                HANDSHAKE.receive(5).awaitCloseNotify())) {
            pair.server.awaitMark("half");
            CompletableFuture<PeerReport> received = pair.client.report();
            assertThatThrownBy(() -> received.get(50, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            pair.server.signal("go on");

            pair.assertClientSaw(new Handshake(), new Data(5), new CloseNotify());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, 22})
    void a_record_that_is_cut_for_good_is_not_delivered(int bytes) throws Exception {
        try (Pair pair = Pair.play("TLSv1.3", HANDSHAKE.cutNext(bytes).send("hello").fin().awaitEnd(),
                HANDSHAKE.awaitEnd())) {
            pair.assertClientSaw(new Handshake(), new Fin());
        }
    }

    @Test
    void a_handshake_may_be_cut() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3", TlsScript.begin().cutNext(50).handshake().fin().awaitEnd(),
                HANDSHAKE)) {
            assertThat(failure(pair.client.report())).isInstanceOf(ScriptFailedException.class)
                    .hasMessage("step 1 of 1, handshake(): the input ended before; seen: [Fin[]]");
            assertThat(done(pair.server.report()).protocol()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void a_handshake_that_was_cut_ends_with_the_rest_of_it(String protocol) throws Exception {
        try (Pair pair = Pair.play(protocol,
                TlsScript.begin().cutNext(50).handshake().rest().receive(1).send("y"),
                HANDSHAKE.send("x").receive(1))) {
            pair.assertServerSaw(new Handshake(), new Data(1));
            pair.assertClientSaw(new Handshake(), new Data(1));
        }
    }

    @Test
    void a_cut_behind_all_that_is_sent_fails_the_script() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3", HANDSHAKE.cutNext(10_000).send("hello"), HANDSHAKE.awaitEnd())) {
            assertThat(failure(pair.server.report()))
                    .hasMessageContaining("step 3 of 3, send(5 bytes): it sent no more than what cutNext() let pass");
        }
    }

    @Test
    void a_reset_is_told() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3", HANDSHAKE.receive(1).reset(), HANDSHAKE.send("x").awaitEnd())) {
            pair.assertClientSaw(new Handshake(), new Reset());
        }
    }

    @Test
    void a_reset_where_something_else_is_awaited_fails_the_script() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3", HANDSHAKE.receive(1).reset(), HANDSHAKE.send("x").awaitCloseNotify())) {
            assertThat(failure(pair.client.report())).isInstanceOfSatisfying(ScriptFailedException.class, failed -> {
                assertThat(failed).hasMessage("step 3 of 3, awaitCloseNotify(): TCP was reset; "
                        + "seen: [Handshake[], Reset[]]");
                assertThat(failed.report().events()).containsExactly(new Handshake(), new Reset());
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void a_bad_record_is_unreadable_and_answered_with_a_fatal_alert(String protocol) throws Exception {
        try (Pair pair = Pair.play(protocol, HANDSHAKE.badRecord().fin().awaitEnd(), HANDSHAKE.awaitEnd())) {
            pair.assertClientSaw(new Handshake(), new UnreadableRecord(), new Fin());
            pair.assertServerSaw(new Handshake(), new FatalAlert("bad_record_mac"), new Fin());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void a_fatal_alert_is_told_by_its_name(String protocol) throws Exception {
        try (Pair pair = Pair.play(protocol, HANDSHAKE.fatalAlert().fin().awaitEnd(), HANDSHAKE.awaitEnd())) {
            pair.assertClientSaw(new Handshake(), new FatalAlert("bad_record_mac"), new Fin());
            pair.assertServerSaw(new Handshake(), new Fin());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void bytes_behind_close_notify_are_counted_apart(String protocol) throws Exception {
        try (Pair pair = Pair.play(protocol,
                HANDSHAKE.closeNotify().raw("plain".getBytes(StandardCharsets.UTF_8)).fin().awaitEnd(),
                HANDSHAKE.awaitEnd())) {
            pair.assertClientSaw(new Handshake(), new CloseNotify(), new AfterTls(5), new Fin());
        }
    }

    @Test
    void what_is_no_tls_is_unreadable() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3",
                HANDSHAKE.raw("HTTP/1.1 400\r\n".getBytes(StandardCharsets.UTF_8)).fin().awaitEnd(),
                HANDSHAKE.awaitEnd())) {
            pair.assertClientSaw(new Handshake(), new UnreadableRecord(), new Fin());
        }
    }

    @Test
    void text_is_awaited_behind_what_was_awaited_before() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3",
                HANDSHAKE.receiveUntil("\n").mark("one").receiveUntil("\n").mark("two").receive(1),
                HANDSHAKE.send("one\n").awaitSignal("more").send("two\n").awaitSignal("last").send("!").awaitEnd())) {
            pair.server.awaitMark("one");
            pair.client.signal("more");
            pair.server.awaitMark("two");
            pair.client.signal("last");
            assertThat(done(pair.server.report()).text()).isEqualTo("one\ntwo\n!");
        }
    }

    @Test
    void a_script_that_waits_in_vain_fails_at_the_deadline() throws Exception {
        try (Pair pair = Pair.play(ScriptedTlsPeer.server().deadline(SHORT), HANDSHAKE.receive(1), HANDSHAKE.stall())) {
            assertThat(failure(pair.server.report())).isInstanceOf(ScriptFailedException.class)
                    .hasMessage("step 2 of 2, receive(1): not done within PT0.3S; seen: [Handshake[]]");
        }
    }

    @Test
    void a_write_to_a_peer_that_never_reads_fails_at_the_deadline() throws Exception {
        try (Pair pair = Pair.play(ScriptedTlsPeer.server().deadline(Duration.ofSeconds(1)),
                HANDSHAKE.send(new byte[30_000_000]), HANDSHAKE.stall())) {
            assertThat(failure(pair.server.report()))
                    .hasMessageContaining("send(30000000 bytes): not done within PT1S");
        }
    }

    @Test
    void a_stall_is_no_failure() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3", HANDSHAKE.mark("stalling").stall(), HANDSHAKE.awaitEnd())) {
            pair.server.awaitMark("stalling");
            CompletableFuture<PeerReport> report = pair.server.report();
            pair.server.close();
            assertThat(done(report).events()).containsExactly(new Handshake());
        }
    }

    @Test
    void every_connection_has_a_report_of_its_own() throws Exception {
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().play(HANDSHAKE.awaitEnd());
                ScriptedTlsPeer first = ScriptedTlsPeer.client(server.address()).play(HANDSHAKE.send("first"))) {
            assertThat(done(server.report(1)).text()).isEqualTo("first");
            try (ScriptedTlsPeer second = ScriptedTlsPeer.client(server.address()).play(HANDSHAKE.send("second"))) {
                assertThat(done(server.report(2)).text()).isEqualTo("second");
                assertThat(second.address()).isNotEqualTo(first.address());
            }
        }
    }

    @Test
    void a_connection_that_does_not_come_fails_its_report_at_the_deadline() throws Exception {
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().deadline(SHORT).play(HANDSHAKE)) {
            assertThat(failure(server.report())).isInstanceOf(TimeoutException.class)
                    .hasMessage("no connection 1 within PT0.3S");
        }
    }

    @Test
    void a_mark_that_is_not_reached_fails_at_the_deadline_or_with_the_script() throws Exception {
        TlsScript script = HANDSHAKE.receive(1).mark("late");
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().deadline(SHORT).play(script)) {
            assertThatThrownBy(() -> server.awaitMark("late")).isInstanceOf(TimeoutException.class)
                    .hasMessage("mark late was not reached within PT0.3S");
        }
        try (Pair pair = Pair.play("TLSv1.3", script, HANDSHAKE)) {
            assertThatThrownBy(() -> pair.server.awaitMark("late")).isInstanceOf(ScriptFailedException.class)
                    .hasMessageContaining("step 2 of 3, receive(1): the input ended before");
        }
    }

    @Test
    void close_fails_the_reports_that_are_not_complete_and_frees_the_port() throws Exception {
        try (Pair pair = Pair.play("TLSv1.3", HANDSHAKE.mark("open").receive(1), HANDSHAKE.stall())) {
            ScriptedTlsPeer server = pair.server;
            server.awaitMark("open");
            CompletableFuture<PeerReport> running = server.report(1);
            CompletableFuture<PeerReport> missing = server.report(2);

            server.close();
            server.close();

            assertThat(failure(running)).hasMessageContaining("receive(1): the peer was closed");
            assertThat(failure(missing)).hasMessage("closed before connection 2");
            assertThat(failure(server.report(3))).hasMessage("closed before connection 3");
            assertThatThrownBy(() -> new Socket(server.address().getAddress(), server.address().getPort()).close())
                    .isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void alpn_is_negotiated_with_a_socket_of_the_jdk() throws Exception {
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().applicationProtocols("h2", "http/1.1")
                        .play(HANDSHAKE.closeNotify().awaitEnd());
                SSLSocket client = (SSLSocket) TestCertificate.localhost().sslContext().getSocketFactory()
                        .createSocket(server.address().getAddress(), server.address().getPort())) {
            SSLParameters parameters = client.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"http/1.1"});
            client.setSSLParameters(parameters);
            client.setSoTimeout(10_000);

            assertThat(client.getInputStream().read()).isEqualTo(-1);
            assertThat(client.getApplicationProtocol()).isEqualTo("http/1.1");
        }
    }

    @Test
    void steps_that_make_no_sense_where_they_are_are_refused_with_what_was_expected() {
        assertThatThrownBy(() -> TlsScript.begin().send("x")).isInstanceOf(IllegalStateException.class)
                .hasMessage("send(1 bytes) behind [] (expected: behind handshake())");
        assertThatThrownBy(() -> HANDSHAKE.handshake()).hasMessageContaining("(expected: the first one)");
        assertThatThrownBy(() -> HANDSHAKE.closeNotify().send("x")).hasMessage("send(1 bytes) behind "
                + "[handshake(), closeNotify()] (expected: in front of closeNotify() and fatalAlert(), "
                + "behind which only raw() sends)");
        assertThatThrownBy(() -> HANDSHAKE.rest()).hasMessageContaining("(expected: behind cutNext())");
        assertThatThrownBy(() -> HANDSHAKE.cutNext(1).awaitEnd())
                .hasMessageContaining("(expected: a step that sends behind cutNext())");
        assertThatThrownBy(() -> HANDSHAKE.fin().closeNotify()).hasMessageContaining("(expected: in front of fin())");
        assertThatThrownBy(() -> HANDSHAKE.reset().fin()).hasMessageContaining("(expected: nothing behind reset())");
    }

    @Test
    void values_out_of_range_are_refused_with_the_value_and_what_was_expected() {
        assertThatThrownBy(() -> HANDSHAKE.send("")).hasMessage("length: 0 (expected: >= 1)");
        assertThatThrownBy(() -> HANDSHAKE.receive(0)).hasMessage("bytes: 0 (expected: >= 1)");
        assertThatThrownBy(() -> HANDSHAKE.cutNext(-1)).hasMessage("bytes: -1 (expected: >= 0)");
        ScriptedTlsPeer.Builder builder = ScriptedTlsPeer.server();
        assertThatThrownBy(() -> builder.play(TlsScript.begin()))
                .hasMessage("script: empty (expected: at least one step)");
        assertThatThrownBy(() -> builder.play(HANDSHAKE.cutNext(1)))
                .hasMessageContaining("(expected: a step that sends behind cutNext())");
        assertThatThrownBy(() -> builder.deadline(Duration.ZERO))
                .hasMessage("deadline: PT0S (expected: PT0.001S to PT1H)");
        assertThatThrownBy(() -> builder.receiveBuffer(0)).hasMessage("bytes: 0 (expected: >= 1)");
        assertThatThrownBy(() -> builder.protocols()).hasMessage("protocols: none (expected: at least one)");
        assertThatThrownBy(() -> ScriptedTlsPeer.client(InetSocketAddress.createUnresolved("nowhere", 1)))
                .hasMessageContaining("server: nowhere/<unresolved>:1 (expected: a resolved address and a port)");
        try (ScriptedTlsPeer peer = builder.play(HANDSHAKE.awaitSignal("go").mark("gone"))) {
            assertThatThrownBy(() -> peer.signal("og")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("signal: og (expected: one of the script's, [go])");
            assertThatThrownBy(() -> peer.awaitMark("go"))
                    .hasMessage("mark: go (expected: one of the script's, [gone])");
            assertThatThrownBy(() -> peer.report(0)).hasMessage("connection: 0 (expected: >= 1)");
        }
    }

    @Test
    void a_client_that_cannot_connect_says_so_at_once() {
        InetSocketAddress closed;
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().play(HANDSHAKE)) {
            closed = server.address();
        }
        assertThat(closed.getAddress()).isEqualTo(InetAddress.getLoopbackAddress());
        assertThatThrownBy(() -> ScriptedTlsPeer.client(closed).play(HANDSHAKE))
                .isInstanceOf(UncheckedIOException.class).hasCauseInstanceOf(ConnectException.class);
    }
}

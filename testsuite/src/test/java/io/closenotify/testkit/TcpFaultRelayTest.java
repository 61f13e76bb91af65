package io.closenotify.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.closenotify.testsuite.Waits;
import io.closenotify.testkit.TcpFaultRelay.End;
import io.closenotify.testkit.TcpFaultRelay.Fault;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LeakAndLogCheck.class)
@Timeout(30)
class TcpFaultRelayTest {

    private static final int TEN_MEGABYTES = 10_000_000;

    private ServerSocket listener;
    private TcpFaultRelay relay;
    private RelayedConnection connection;
    private Socket client;
    private Socket server;

    @BeforeEach
    void listen() throws IOException {
        listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void closeAll() throws IOException {
        for (AutoCloseable each : new AutoCloseable[] {client, server, relay, listener}) {
            if (each != null) {
                closeQuietly(each);
            }
        }
    }

    private static void closeQuietly(AutoCloseable each) throws IOException {
        try {
            each.close();
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private TcpFaultRelay.Builder builder() {
        return TcpFaultRelay.to((InetSocketAddress) listener.getLocalSocketAddress());
    }

    private void connect(TcpFaultRelay.Builder builder) throws Exception {
        relay = builder.start();
        client = new Socket(relay.address().getAddress(), relay.address().getPort());
        server = listener.accept();
        client.setSoTimeout(10_000);
        server.setSoTimeout(10_000);
        connection = relay.nextConnection(Waits.DEADLINE);
    }

    private static byte[] send(Socket from, int bytes) throws IOException {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        from.getOutputStream().write(data);
        return data;
    }

    /** On a thread of its own: tasks that block must not wait for each other in a common pool. */
    private static <T> CompletableFuture<T> async(Callable<T> task) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return task.call();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, blocking -> new Thread(blocking, "blocking").start());
    }

    private End end(Direction direction) throws Exception {
        return connection.end(direction).get(10, TimeUnit.SECONDS);
    }

    @Test
    void without_a_fault_bytes_and_half_closes_pass_in_both_directions() throws Exception {
        connect(builder());

        byte[] request = send(client, 100_000);
        client.shutdownOutput();
        assertThat(server.getInputStream().readAllBytes()).isEqualTo(request);
        assertThat(end(Direction.TO_SERVER)).isEqualTo(End.FIN);

        byte[] answer = send(server, 70_000);
        server.close();
        assertThat(client.getInputStream().readAllBytes()).isEqualTo(answer);
        assertThat(end(Direction.TO_CLIENT)).isEqualTo(End.FIN);
        assertThat(connection.received(Direction.TO_SERVER)).isEqualTo(100_000);
        assertThat(connection.forwarded(Direction.TO_SERVER)).isEqualTo(100_000);
        assertThat(connection.forwarded(Direction.TO_CLIENT)).isEqualTo(70_000);
    }

    @Test
    void a_reset_by_one_side_passes_to_the_other() throws Exception {
        connect(builder());

        client.setSoLinger(true, 0);
        client.close();

        assertThatThrownBy(() -> server.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThat(end(Direction.TO_SERVER)).isEqualTo(End.RESET);
        assertThat(end(Direction.TO_CLIENT)).isEqualTo(End.RELAY);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 999, 65_536, 99_999})
    void fin_after_n_bytes_lets_exactly_these_pass_and_leaves_the_other_direction_open(int bytes) throws Exception {
        connect(builder().cut(Direction.TO_SERVER, bytes, Fault.FIN));

        byte[] request = send(client, 100_000);
        assertThat(server.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(request, bytes));

        byte[] answer = send(server, 1_000);
        server.shutdownOutput();
        assertThat(client.getInputStream().readAllBytes()).isEqualTo(answer);
        client.close();
        assertThat(end(Direction.TO_SERVER)).isEqualTo(End.FIN);
        assertThat(connection.received(Direction.TO_SERVER)).isEqualTo(100_000);
        assertThat(connection.forwarded(Direction.TO_SERVER)).isEqualTo(bytes);
    }

    @Test
    void a_tap_sees_every_byte_before_it_passes_and_may_cut_in_front_of_it() throws Exception {
        ByteArrayOutputStream seen = new ByteArrayOutputStream();
        connect(builder().tap((connection, direction, bytes) -> {
            while (bytes.hasRemaining()) {
                int at = seen.size();
                seen.write(bytes.get());
                if (direction == Direction.TO_SERVER && at == 70_000) {
                    connection.cut(direction, at - connection.forwarded(direction), Fault.FIN);
                }
            }
        }));

        byte[] request = send(client, 100_000);
        assertThat(server.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(request, 70_000));
        client.close();
        assertThat(end(Direction.TO_SERVER)).isEqualTo(End.FIN);
        assertThat(seen.toByteArray()).isEqualTo(request);
    }

    @Test
    void reset_after_n_bytes_resets_both_sides() throws Exception {
        connect(builder().cut(Direction.TO_SERVER, 10, Fault.RESET));

        send(client, 9);
        assertThat(server.getInputStream().readNBytes(9)).hasSize(9);
        send(client, 100);

        assertThatThrownBy(() -> server.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> client.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
        assertThat(end(Direction.TO_CLIENT)).isEqualTo(End.RELAY);
        assertThat(connection.forwarded(Direction.TO_SERVER)).isEqualTo(10);
    }

    @Test
    void stall_after_n_bytes_keeps_the_rest_until_resumed() throws Exception {
        connect(builder().cut(Direction.TO_CLIENT, 1_234, Fault.STALL));

        byte[] answer = send(server, 100_000);
        server.shutdownOutput();
        assertThat(client.getInputStream().readNBytes(1_234)).hasSize(1_234);
        client.setSoTimeout(50);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        assertThat(connection.end(Direction.TO_CLIENT)).isNotDone();
        send(client, 10);
        assertThat(server.getInputStream().readNBytes(10)).hasSize(10);

        client.setSoTimeout(10_000);
        connection.resume(Direction.TO_CLIENT);
        assertThat(client.getInputStream().readAllBytes())
                .isEqualTo(Arrays.copyOfRange(answer, 1_234, answer.length));
    }

    @Test
    void a_stalled_direction_slows_its_sender_down() throws Exception {
        connect(builder().cut(Direction.TO_SERVER, 0, Fault.STALL));

        CompletableFuture<byte[]> sending = async(() -> send(client, TEN_MEGABYTES));
        assertThatThrownBy(() -> sending.get(200, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        assertThat(connection.received(Direction.TO_SERVER)).isZero();

        relay.resume(Direction.TO_SERVER);
        CompletableFuture<byte[]> reading = async(() -> server.getInputStream().readNBytes(TEN_MEGABYTES));
        assertThat(reading.get(10, TimeUnit.SECONDS)).isEqualTo(sending.get(10, TimeUnit.SECONDS));
    }

    /** 40 pieces of 1,000 bytes, 10 ms each: it cannot be faster, and how much slower it is nobody asks. */
    @Test
    void a_slow_direction_takes_its_time_and_loses_nothing() throws Exception {
        connect(builder().slow(Direction.TO_CLIENT, 100_000));

        long start = System.nanoTime();
        byte[] answer = send(server, 40_000);
        server.shutdownOutput();

        assertThat(client.getInputStream().readAllBytes()).isEqualTo(answer);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(390));
        assertThat(end(Direction.TO_CLIENT)).isEqualTo(End.FIN);
    }

    @Test
    void a_direction_that_is_slow_no_more_goes_on_at_full_speed_and_the_other_always_did() throws Exception {
        connect(builder());
        relay.slow(Direction.TO_SERVER, 1_000);
        byte[] answer = send(server, TEN_MEGABYTES / 10);
        assertThat(client.getInputStream().readNBytes(answer.length)).isEqualTo(answer);
        long start = System.nanoTime();
        byte[] request = send(client, TEN_MEGABYTES / 10);
        assertThat(server.getInputStream().readNBytes(100)).hasSize(100);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(80));

        connection.slow(Direction.TO_SERVER, Long.MAX_VALUE);

        assertThat(server.getInputStream().readNBytes(request.length - 100))
                .isEqualTo(Arrays.copyOfRange(request, 100, request.length));
    }

    @Test
    void a_slow_direction_is_cut_at_the_byte_all_the_same() throws Exception {
        connect(builder().slow(Direction.TO_SERVER, 10_000).cut(Direction.TO_SERVER, 250, Fault.STALL));
        byte[] request = send(client, 1_000);
        assertThat(server.getInputStream().readNBytes(250)).isEqualTo(Arrays.copyOf(request, 250));
        server.setSoTimeout(50);
        assertThatThrownBy(() -> server.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

        server.setSoTimeout(10_000);
        connection.resume(Direction.TO_SERVER);

        assertThat(server.getInputStream().readNBytes(750)).isEqualTo(Arrays.copyOfRange(request, 250, 1_000));
    }

    @Test
    void a_later_cut_counts_from_then_on() throws Exception {
        connect(builder());

        send(client, 500);
        assertThat(server.getInputStream().readNBytes(500)).hasSize(500);
        connection.cut(Direction.TO_SERVER, 20, Fault.FIN);
        send(client, 500);

        assertThat(server.getInputStream().readAllBytes()).hasSize(20);
    }

    @ParameterizedTest
    @EnumSource(Direction.class)
    void a_later_cut_at_once_by_the_relay_reaches_every_open_connection(Direction direction) throws Exception {
        connect(builder());
        try (Socket second = new Socket(relay.address().getAddress(), relay.address().getPort());
                Socket secondServer = listener.accept()) {
            relay.nextConnection(Waits.DEADLINE);

            relay.cut(direction, 0, Fault.FIN);

            for (Socket receiver : direction == Direction.TO_SERVER
                    ? new Socket[] {server, secondServer} : new Socket[] {client, second}) {
                receiver.setSoTimeout(10_000);
                assertThat(receiver.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void reset_resets_every_open_connection_on_both_sides() throws Exception {
        connect(builder());

        relay.reset();

        assertThatThrownBy(() -> server.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThat(end(Direction.TO_SERVER)).isEqualTo(End.RELAY);
    }

    @Test
    void a_relay_that_stops_listening_refuses_connects_and_lets_connections_live() throws Exception {
        connect(builder());
        InetSocketAddress address = relay.address();
        relay.stopListening();
        relay.stopListening();

        assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()).close())
                .isInstanceOf(ConnectException.class);
        byte[] request = send(client, 1_000);
        assertThat(server.getInputStream().readNBytes(1_000)).isEqualTo(request);
    }

    @Test
    void close_resets_what_is_open_and_stops_listening() throws Exception {
        connect(builder().cut(Direction.TO_CLIENT, 5, Fault.STALL));
        send(server, 100_000);
        assertThat(client.getInputStream().readNBytes(5)).hasSize(5);
        InetSocketAddress address = relay.address();

        relay.close();

        assertThatThrownBy(() -> client.getInputStream().readAllBytes()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()).close())
                .isInstanceOf(IOException.class);
        assertThat(connection.end(Direction.TO_CLIENT)).isCompletedWithValue(End.RELAY);
        connection.reset();
        relay.close();
    }

    @Test
    void a_client_is_reset_when_the_server_refuses() throws Exception {
        relay = builder().connectTimeout(Duration.ofSeconds(1)).start();
        listener.close();

        client = new Socket(relay.address().getAddress(), relay.address().getPort());

        client.setSoTimeout(10_000);
        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> relay.nextConnection(Duration.ofMillis(1))).isInstanceOf(TimeoutException.class)
                .hasMessage("no connection was relayed within PT0.001S");
    }

    @Test
    void values_out_of_range_are_refused_with_the_value_and_what_was_expected() {
        assertThatThrownBy(() -> TcpFaultRelay.to(InetSocketAddress.createUnresolved("nowhere", 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("server: nowhere/<unresolved>:1 (expected: a resolved address and a port)");
        assertThatThrownBy(() -> builder().cut(Direction.TO_CLIENT, -1, Fault.FIN))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("bytes: -1 (expected: >= 0)");
        assertThatThrownBy(() -> builder().cut(null, 1, Fault.FIN))
                .isInstanceOf(NullPointerException.class).hasMessage("direction");
        assertThatThrownBy(() -> builder().slow(Direction.TO_CLIENT, 0))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("bytesPerSecond: 0 (expected: >= 1)");
        assertThatThrownBy(() -> builder().connectTimeout(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("connectTimeout: PT0S (expected: PT0.001S to ");
    }
}

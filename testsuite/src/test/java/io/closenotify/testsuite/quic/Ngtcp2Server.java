package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.PeerProcess;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** {@code gtlsserver} on loopback; Debian's package ngtcp2-server puts it into /usr/sbin. */
final class Ngtcp2Server implements AutoCloseable {

    private static final int RETRY_MILLIS = 20;
    private static final int SMALLEST_FIRST_DATAGRAM = 1200;
    private static final int RESERVED_VERSION = 0x1a2a3a4a;

    private final Ngtcp2Program program;
    private final InetSocketAddress address;

    private Ngtcp2Server(Ngtcp2Program program, InetSocketAddress address) {
        this.program = program;
        this.address = address;
    }

    /** Starts it with further options, and waits until it listens. */
    static Ngtcp2Server start(String... options) throws IOException {
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), PeerProcess.freeUdpPort());
        List<String> command = new ArrayList<>(List.of("gtlsserver", "--no-quic-dump", "--no-http-dump"));
        command.addAll(List.of(options));
        command.addAll(List.of(address.getAddress().getHostAddress(), Integer.toString(address.getPort()),
                TestCertificate.keyFile(), TestCertificate.certificateFile()));
        Ngtcp2Server server = new Ngtcp2Server(Ngtcp2Program.start(command), address);
        try {
            server.awaitListening();
            return server;
        } catch (Throwable e) {
            server.close();
            throw e;
        }
    }

    /** It does not tell when it listens, but then it answers a version that nobody speaks. */
    private void awaitListening() throws IOException {
        ByteBuffer question = ByteBuffer.allocate(SMALLEST_FIRST_DATAGRAM);
        question.put((byte) 0xc0).putInt(RESERVED_VERSION)
                .put((byte) Long.BYTES).putLong(1)
                .put((byte) Long.BYTES).putLong(2);
        byte[] answer = new byte[SMALLEST_FIRST_DATAGRAM];
        long end = System.nanoTime() + Waits.DEADLINE.toNanos();
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(RETRY_MILLIS);
            while (System.nanoTime() < end) {
                socket.send(new DatagramPacket(question.array(), question.capacity(), address));
                try {
                    socket.receive(new DatagramPacket(answer, answer.length));
                    return;
                } catch (SocketTimeoutException e) {
                    // It was not there yet.
                }
            }
        }
        throw new AssertionError("not listening within " + Waits.DEADLINE + ": " + program.process().output());
    }

    InetSocketAddress address() {
        return address;
    }

    Ngtcp2Program program() {
        return program;
    }

    @Override
    public void close() {
        program.close();
    }
}

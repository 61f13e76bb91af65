package io.closenotify.dtls;

import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLContext;

/** A client on a socket of its own. */
final class ClientByHand implements AutoCloseable {

    private static final int DEADLINE_MILLIS = 10_000;
    private static final byte PROBE = 0x5a;

    private final SSLContext context;
    private final DatagramSocket socket;
    private EngineByHand engine;

    ClientByHand(SSLContext context, InetSocketAddress server) throws IOException {
        this.context = context;
        socket = new DatagramSocket(new InetSocketAddress(server.getAddress(), 0));
        socket.connect(server);
        socket.setSoTimeout(DEADLINE_MILLIS);
        engine = EngineByHand.client(context);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    /** Forgets all it knew, but for the port. */
    void restart() {
        engine = EngineByHand.client(context);
    }

    EngineByHand engine() {
        return engine;
    }

    void send(byte[] datagram) throws IOException {
        socket.send(new DatagramPacket(datagram, datagram.length));
    }

    byte[] receive() throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    /**
     * Waits until the server has read all that was sent: it answers a ClientHello behind it. Returns what else came.
     */
    List<byte[]> sync() throws IOException {
        byte[] probe = EngineByHand.client(context).wrap();
        probe[10] = PROBE;
        send(probe);
        List<byte[]> others = new ArrayList<>();
        byte[] answer = receive();
        while (ClientHello.cookieOfRequest(ByteBuffer.wrap(answer)) == null || answer[10] != PROBE) {
            others.add(answer);
            answer = receive();
        }
        return others;
    }

    /** Whether there is nothing to read now. */
    boolean hasNothing() throws IOException {
        socket.setSoTimeout(1);
        try {
            receive();
            return false;
        } catch (SocketTimeoutException e) {
            return true;
        } finally {
            socket.setSoTimeout(DEADLINE_MILLIS);
        }
    }

    /** The ClientHello that a child is made for; is not sent. */
    byte[] helloWithCookie() throws IOException {
        send(engine.wrap());
        byte[] answer = receive();
        // What the last handshake has left over comes first.
        while (ClientHello.cookieOfRequest(ByteBuffer.wrap(answer)) == null) {
            answer = receive();
        }
        engine.unwrap(answer);
        byte[] hello = engine.wrap();
        if (!ClientHello.parse(Unpooled.wrappedBuffer(hello)).hasCookie()) {
            throw new IOException("no cookie");
        }
        return hello;
    }

    /** Up to the datagram that ends the handshake here. */
    void handshake() throws IOException {
        send(helloWithCookie());
        while (!engine.isFinished()) {
            engine.unwrap(receive());
            for (byte[] datagram : engine.flight()) {
                send(datagram);
            }
        }
    }

    byte[] ask(byte[] message) throws IOException {
        return ask(engine, message);
    }

    /** Sends a message; returns the answer. */
    byte[] ask(EngineByHand by, byte[] message) throws IOException {
        send(by.wrap(message));
        byte[] answer = {};
        while (answer.length == 0) {
            answer = by.unwrap(receive());
        }
        return answer;
    }

    @Override
    public void close() {
        socket.close();
    }
}

package io.closenotify.dtls;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** An engine of the JDK driven datagram by datagram, tasks included. Not thread-safe. */
final class EngineByHand {

    private static final int LARGEST = 40_000;

    private final SSLEngine engine;
    private boolean finished;

    EngineByHand(SSLEngine engine) {
        this.engine = engine;
    }

    static EngineByHand client(SSLContext context) {
        SSLEngine engine = context.createSSLEngine("localhost", 1);
        engine.setUseClientMode(true);
        return new EngineByHand(engine);
    }

    boolean isFinished() {
        return finished;
    }

    /** One datagram: the next of the handshake, or a repetition of the last flight's first. */
    byte[] wrap() throws SSLException {
        return wrap(new byte[0]);
    }

    byte[] wrap(byte[] message) throws SSLException {
        ByteBuffer datagram = ByteBuffer.allocate(LARGEST);
        note(engine.wrap(ByteBuffer.wrap(message), datagram));
        return bytes(datagram);
    }

    /** All datagrams that are to be sent now. */
    List<byte[]> flight() throws SSLException {
        List<byte[]> flight = new ArrayList<>();
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            byte[] datagram = wrap();
            if (datagram.length > 0) {
                flight.add(datagram);
            }
        }
        return flight;
    }

    byte[] closeNotify() throws SSLException {
        engine.closeOutbound();
        return wrap();
    }

    /** Returns what the datagram says. */
    byte[] unwrap(byte[] datagram) throws SSLException {
        ByteBuffer message = ByteBuffer.allocate(LARGEST);
        ByteBuffer records = ByteBuffer.wrap(datagram.clone());
        do {
            int before = records.position();
            note(engine.unwrap(records, message));
            runTasks();
            if (records.position() == before) {
                break;
            }
        } while (records.hasRemaining());
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_UNWRAP_AGAIN) {
            note(engine.unwrap(ByteBuffer.allocate(0), message));
            runTasks();
        }
        return bytes(message);
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private void note(SSLEngineResult result) {
        finished |= result.getHandshakeStatus() == HandshakeStatus.FINISHED;
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        return bytes;
    }
}

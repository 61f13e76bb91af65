package io.closenotify.testkit;

import io.closenotify.testkit.PeerEvent.AfterTls;
import io.closenotify.testkit.PeerEvent.CloseNotify;
import io.closenotify.testkit.PeerEvent.Data;
import io.closenotify.testkit.PeerEvent.FatalAlert;
import io.closenotify.testkit.PeerEvent.Fin;
import io.closenotify.testkit.PeerEvent.Handshake;
import io.closenotify.testkit.PeerEvent.Reset;
import io.closenotify.testkit.PeerEvent.UnreadableRecord;
import io.closenotify.testkit.TlsScript.Kind;
import io.closenotify.testkit.TlsScript.Step;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a {@link ScriptedTlsPeer}: plays the script on a thread of its own, with blocking reads and
 * writes, which {@link #expire} and {@link #close} end from another one.
 *
 * <p>The engine gets the input record by record, so that nothing behind a record that matters has been read too
 * early.
 */
final class ScriptRun {

    private static final int HEADER = 5;
    private static final int LONGEST_RECORD = HEADER + (1 << 14) + 2048;
    private static final int ALERT = 21;
    private static final int WRITE_AT_ONCE = 64 * 1024;
    private static final String RECEIVED = "Received fatal alert: ";
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final ScriptedTlsPeer peer;
    private final Socket socket;
    private final SSLEngine engine;
    private final List<Step> steps;
    private final CompletableFuture<PeerReport> report = new CompletableFuture<>();
    private final Thread thread;
    private final ByteBuffer input = ByteBuffer.allocate(2 * LONGEST_RECORD).flip();
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final List<PeerEvent> events = new ArrayList<>();
    private volatile boolean expired;
    private volatile boolean closed;
    private int current;
    private int consumed;
    private boolean cutting;
    private int untilCut;
    private boolean established;
    private boolean closeNotify;
    private boolean dead;
    private boolean inputEnded;
    private @Nullable ByteBuffer heldAlert;
    private int heldAlertPlace;

    ScriptRun(ScriptedTlsPeer peer, Socket socket, SSLEngine engine, TlsScript script) {
        this.peer = peer;
        this.socket = socket;
        this.engine = engine;
        steps = script.steps();
        thread = new Thread(this::run, "scripted-tls-peer-" + socket.getPort());
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    CompletableFuture<PeerReport> report() {
        return report;
    }

    // Any thread

    /** The deadline is over. */
    void expire() {
        if (!report.isDone()) {
            expired = true;
            interrupt();
        }
    }

    void close() {
        closed = true;
        interrupt();
    }

    void join(Duration atMost) throws InterruptedException {
        thread.join(atMost.toMillis());
    }

    private void interrupt() {
        closeSocket();
        thread.interrupt();
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            // Whatever that was, the socket is closed.
        }
    }

    // Its own thread

    private void run() {
        try {
            for (current = 0; current < steps.size(); current++) {
                perform(steps.get(current));
            }
            report.complete(told());
        } catch (ScriptFailedException e) {
            report.completeExceptionally(e);
            peer.failed(e);
        } finally {
            closeSocket();
        }
    }

    private void perform(Step step) throws ScriptFailedException {
        try {
            step.action().perform(this);
            if (cutting && step.kind() != Kind.CUT) {
                endCut();
            }
            if (!sendsLater()) {
                releaseAlert();
            }
        } catch (SocketException e) {
            if (!expired && !closed) {
                sawReset();
            }
            throw failure("TCP was reset", e);
        } catch (SSLException e) {
            sendAlert();
            throw failure("TLS failed: " + e.getMessage(), e);
        } catch (IOException | InterruptedException e) {
            throw failure(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException | Error e) {
            throw failure(e.toString(), e);
        }
    }

    private ScriptFailedException failure(String reason, Throwable cause) {
        String why = expired ? "not done within " + peer.deadline() : closed ? "the peer was closed" : reason;
        return new ScriptFailedException("step " + (current + 1) + " of " + steps.size() + ", "
                + steps.get(current).name(), why, told(), cause);
    }

    private PeerReport told() {
        return new PeerReport(established ? engine.getSession().getProtocol() : null, List.copyOf(events),
                received.toByteArray());
    }

    /** Whether a step behind this one writes application data. */
    private boolean sendsLater() {
        return steps.stream().skip(current + 1L).anyMatch(step -> step.kind() == Kind.SEND);
    }

    // Steps

    void handshake() throws IOException {
        engine.beginHandshake();
        while (!established && !cutReached()) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> runTasks();
                case NEED_WRAP -> wrap(NOTHING.duplicate());
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    write();
                    if (!cutReached() && !decryptNext()) {
                        requireInput();
                        read();
                    }
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    write();
                    if (!cutReached()) {
                        sawHandshake();
                    }
                }
            }
        }
    }

    void send(byte[] data) throws IOException {
        ByteBuffer plaintext = ByteBuffer.wrap(data);
        while (plaintext.hasRemaining()) {
            wrap(plaintext);
            if (output.size() >= WRITE_AT_ONCE) {
                write();
            }
        }
        write();
    }

    void closeNotify() throws IOException {
        engine.closeOutbound();
        wrapPending();
        write();
    }

    /** The engine is given what it cannot decrypt. */
    void fatalAlert() throws IOException {
        try {
            engine.unwrap(ByteBuffer.wrap(badRecord()), ByteBuffer.allocate(LONGEST_RECORD));
        } catch (SSLException expected) {
            dead = true;
            wrapPending();
            write();
            return;
        }
        throw new IOException("the engine raised no alert");
    }

    void raw(byte[] bytes) throws IOException {
        output.writeBytes(bytes);
        write();
    }

    void cutNext(int bytes) {
        cutting = true;
        untilCut = bytes;
    }

    void rest() throws IOException {
        byte[] rest = kept.toByteArray();
        kept.reset();
        raw(rest);
    }

    void receive(long bytes) throws IOException {
        int wanted = Math.toIntExact(consumed + bytes);
        readUntil(() -> received.size() >= wanted);
        consumed = wanted;
    }

    void receiveUntil(String text) throws IOException {
        // Each byte one character, so that indices are those of bytes.
        String wanted = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        readUntil(() -> indexOf(wanted) >= 0);
        consumed = indexOf(wanted) + wanted.length();
    }

    private int indexOf(String wanted) {
        return received.toString(StandardCharsets.ISO_8859_1).indexOf(wanted, consumed);
    }

    void awaitCloseNotify() throws IOException {
        readUntil(() -> closeNotify || heldAlert != null);
    }

    void awaitEnd() throws IOException {
        while (!inputEnded) {
            try {
                if (!decryptNext()) {
                    read();
                }
            } catch (SSLException e) {
                // An event tells it; what follows is read all the same.
                sendAlert();
            } catch (SocketException e) {
                if (expired || closed) {
                    throw e;
                }
                sawReset();
            }
        }
    }

    void fin() throws IOException {
        socket.shutdownOutput();
    }

    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    void stall() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            // By the deadline or by close(): what was waited for.
        }
    }

    void awaitSignal(String name) throws InterruptedException {
        peer.awaitSignalOfTest(name);
    }

    void mark(String name) {
        peer.reached(name);
    }

    /** A record of application data with zeros in it. */
    static byte[] badRecord() {
        return ByteBuffer.allocate(HEADER + 64).put((byte) 23).putShort((short) 0x0303).putShort((short) 64).array();
    }

    // Input

    private void readUntil(BooleanSupplier done) throws IOException {
        while (!done.getAsBoolean()) {
            if (!decryptNext()) {
                requireInput();
                read();
            }
        }
    }

    private void requireInput() throws IOException {
        if (inputEnded) {
            throw new IOException("the input ended before");
        }
        if (closeNotify) {
            throw new IOException("close_notify came before");
        }
    }

    private void read() throws IOException {
        input.compact();
        if (!input.hasRemaining()) {
            throw new IOException("more came behind an alert than can be kept");
        }
        int count = socket.getInputStream().read(input.array(), input.position(), input.remaining());
        input.position(input.position() + Math.max(0, count));
        input.flip();
        if (count < 0) {
            inputEnded = true;
            events.add(new Fin());
        }
    }

    /** Takes one record, or what follows TLS, from the input; false if there is nothing to take. */
    private boolean decryptNext() throws IOException {
        if (heldAlert != null) {
            return false;
        }
        if (closeNotify || dead) {
            return skip();
        }
        int length = recordLength();
        if (length > input.remaining()) {
            return false;
        }
        ByteBuffer record = ByteBuffer.allocate(length).put(input.slice(input.position(), length)).flip();
        input.position(input.position() + length);
        if (established && record.get(0) == ALERT && !tls13() && sendsLater()) {
            // The JDK's engine of TLS 1.2 writes nothing behind the peer's close_notify: it is shown it later.
            heldAlert = record;
            heldAlertPlace = events.size();
        } else {
            unwrap(record);
        }
        return true;
    }

    private boolean skip() {
        int bytes = input.remaining();
        input.position(input.limit());
        if (bytes > 0 && closeNotify) {
            long before = lastEvent() instanceof AfterTls last ? last.bytes() : 0;
            replaceLast(before > 0, new AfterTls(before + bytes));
        }
        return bytes > 0;
    }

    /** Of what is no TLS record the engine gets all that is there. */
    private int recordLength() {
        if (input.remaining() < HEADER) {
            return Integer.MAX_VALUE;
        }
        int length = HEADER + (input.getShort(input.position() + 3) & 0xffff);
        boolean plausible = input.get(input.position() + 1) == 3 && length <= LONGEST_RECORD;
        return plausible ? length : input.remaining();
    }

    private boolean tls13() {
        return engine.getSession().getProtocol().equals("TLSv1.3");
    }

    private void releaseAlert() throws IOException {
        ByteBuffer alert = heldAlert;
        if (alert != null) {
            heldAlert = null;
            unwrap(alert);
            events.add(heldAlertPlace, events.remove(events.size() - 1));
        }
    }

    private void unwrap(ByteBuffer record) throws IOException {
        ByteBuffer plaintext = ByteBuffer.allocate(LONGEST_RECORD);
        try {
            do {
                SSLEngineResult result = engine.unwrap(record, plaintext);
                if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
                    throw new SSLException("no record of TLS");
                }
                runTasks();
                if (engine.isInboundDone()) {
                    break;
                }
                wrapPending();
            } while (record.hasRemaining());
        } catch (SSLException e) {
            dead = true;
            events.add(received(e));
            throw e;
        }
        sawData(plaintext.flip());
        if (engine.isInboundDone()) {
            closeNotify = true;
            events.add(new CloseNotify());
        } else if (engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING && !established) {
            write();
            sawHandshake();
        } else {
            write();
        }
    }

    /** Netty and others read the name of an alert in the same way: the engine tells it nowhere else. */
    private static PeerEvent received(SSLException failure) {
        String message = String.valueOf(failure.getMessage());
        int alert = message.indexOf(RECEIVED);
        return alert < 0 ? new UnreadableRecord() : new FatalAlert(message.substring(alert + RECEIVED.length()));
    }

    // Output

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    private void wrapPending() throws SSLException {
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && wrap(NOTHING.duplicate()) > 0) {
            runTasks();
        }
    }

    private int wrap(ByteBuffer plaintext) throws SSLException {
        ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        SSLEngineResult result = engine.wrap(plaintext, record);
        if (result.getStatus() != Status.OK && result.bytesProduced() == 0 && plaintext.hasRemaining()) {
            throw new SSLException("nothing can be sent any more: " + result.getStatus());
        }
        output.write(record.array(), 0, record.position());
        return result.bytesProduced();
    }

    private void sendAlert() {
        try {
            wrapPending();
            write();
        } catch (IOException e) {
            // The other side is gone: nobody misses the alert.
        }
    }

    private void write() throws IOException {
        byte[] bytes = output.toByteArray();
        output.reset();
        if (socket.isOutputShutdown()) {
            // Nothing but what the engine wants to say by itself.
            return;
        }
        int now = cutting ? Math.min(untilCut, bytes.length) : bytes.length;
        untilCut -= now;
        kept.write(bytes, now, bytes.length - now);
        socket.getOutputStream().write(bytes, 0, now);
    }

    private boolean cutReached() {
        return cutting && kept.size() > 0;
    }

    private void endCut() throws IOException {
        cutting = false;
        if (kept.size() == 0) {
            throw new IOException("it sent no more than what cutNext() let pass");
        }
    }

    // Events

    private void sawHandshake() {
        established = true;
        events.add(new Handshake());
    }

    private void sawData(ByteBuffer plaintext) {
        if (plaintext.hasRemaining()) {
            byte[] bytes = new byte[plaintext.remaining()];
            plaintext.get(bytes);
            received.writeBytes(bytes);
            long before = lastEvent() instanceof Data last ? last.bytes() : 0;
            replaceLast(before > 0, new Data(before + bytes.length));
        }
    }

    private void sawReset() {
        if (!inputEnded || !(lastEvent() instanceof Reset)) {
            events.add(new Reset());
        }
        inputEnded = true;
    }

    private @Nullable PeerEvent lastEvent() {
        return events.isEmpty() ? null : events.get(events.size() - 1);
    }

    private void replaceLast(boolean replaces, PeerEvent event) {
        if (replaces) {
            events.set(events.size() - 1, event);
        } else {
            events.add(event);
        }
    }
}

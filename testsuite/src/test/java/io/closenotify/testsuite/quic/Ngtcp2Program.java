package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.peers.PeerProcess;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of the example programs of ngtcp2. They speak HTTP/3 (the protocol {@value #PROTOCOL} in ALPN), and with a side
 * that does not they are plain QUIC peers: they open their three control streams, one way each, and wait.
 *
 * <p>What they tell of a CONNECTION_CLOSE frame is its type, its code with all 62 bits, and the first part of the
 * reason. A client leaves when it has received one; a server drains and reads no packet of that connection any more.
 */
final class Ngtcp2Program implements AutoCloseable {

    static final String PROTOCOL = "h3";

    private static final Pattern CLOSE = Pattern.compile(
            " frm ([rt]x) .* CONNECTION_CLOSE\\(0x(1[cd])\\) error_code=.*\\(0x([0-9a-f]+)\\) frame_type=.*"
                    + " reason_len=\\d+ reason=\\[(.*)]$");
    private static final Pattern FIN = Pattern.compile(
            " frm rx .* STREAM\\(0x[0-9a-f]+\\) id=0x([0-9a-f]+) fin=1 offset=(\\d+) len=(\\d+) ");

    /** That much of a stream is all of it. */
    record Fin(long streamId, long finalSize) {
    }

    private final List<CloseFrame> allReceived = new CopyOnWriteArrayList<>();
    private final List<CloseFrame> allSent = new CopyOnWriteArrayList<>();
    private final BlockingQueue<CloseFrame> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<CloseFrame> sent = new LinkedBlockingQueue<>();
    private final BlockingQueue<Fin> fins = new LinkedBlockingQueue<>();
    private final AtomicLong datagrams = new AtomicLong();
    private final PeerProcess process;

    private Ngtcp2Program(List<String> command) {
        process = PeerProcess.start(command, this::line);
    }

    static Ngtcp2Program start(List<String> command) {
        return new Ngtcp2Program(command);
    }

    private void line(String line) {
        if (line.startsWith("Received packet:")) {
            datagrams.incrementAndGet();
            return;
        }
        Matcher fin = FIN.matcher(line);
        if (fin.find()) {
            fins.add(new Fin(Long.parseLong(fin.group(1), 16),
                    Long.parseLong(fin.group(2)) + Long.parseLong(fin.group(3))));
            return;
        }
        Matcher close = CLOSE.matcher(line);
        if (close.find()) {
            boolean rx = close.group(1).equals("rx");
            CloseFrame frame = new CloseFrame(close.group(2).equals("1d"), Long.parseLong(close.group(3), 16),
                    close.group(4));
            (rx ? allReceived : allSent).add(frame);
            (rx ? received : sent).add(frame);
        }
    }

    PeerProcess process() {
        return process;
    }

    void awaitHandshake() throws InterruptedException {
        process.awaitLine(line -> line.startsWith("QUIC handshake has completed"));
    }

    /** Waits for the next close frame that it receives. */
    CloseFrame closeReceived() throws InterruptedException {
        return next(received, "a close frame received");
    }

    /** Waits for the next close frame that it sends. */
    CloseFrame closeSent() throws InterruptedException {
        return next(sent, "a close frame sent");
    }

    /** Waits for the next FIN that it receives; one that comes again counts again. */
    Fin finReceived() throws InterruptedException {
        return next(fins, "a FIN received");
    }

    private <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
        try {
            return Waits.next(queue, what);
        } catch (AssertionError e) {
            throw new AssertionError("output: " + process.output(), e);
        }
    }

    /** Every close frame that it has received so far. */
    List<CloseFrame> closesReceived() {
        return allReceived;
    }

    /** Every close frame that it has sent so far. */
    List<CloseFrame> closesSent() {
        return allSent;
    }

    /** How many datagrams it has received so far, those of no connection included. */
    long datagramsReceived() {
        return datagrams.get();
    }

    @Override
    public void close() {
        process.close();
    }
}

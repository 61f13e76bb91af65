package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.quic.KwikOptions.Application;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tech.kwik.core.QuicStream;

/** A stream of kwik's. A thread of its own reads it to its end and compares it with the {@link Pattern}. */
final class KwikStream {

    /** How reading ended. */
    enum End {
        /** Everything was read, and the FIN. */
        FIN,
        /** The peer reset the stream. */
        RESET,
        /** The connection ended before; kwik drops what arrived but was not read. */
        CONNECTION_CLOSED,
        /** We stopped reading. */
        STOPPED
    }

    private static final int CHUNK = 1 << 14;

    private final KwikConnection connection;
    private final QuicStream stream;
    private final CompletableFuture<End> end = new CompletableFuture<>();
    private volatile long bytes;
    private volatile boolean intact = true;
    private CompletableFuture<Void> written = CompletableFuture.completedFuture(null);
    private long sent;

    private KwikStream(KwikConnection connection, QuicStream stream) {
        this.connection = connection;
        this.stream = stream;
    }

    static KwikStream accepted(KwikConnection connection, QuicStream stream, Application application) {
        KwikStream result = new KwikStream(connection, stream);
        boolean echo = application == Application.ECHO && stream.isBidirectional();
        if (stream.isBidirectional()) {
            connection.keepSending(stream);
        }
        connection.run("kwik-reader", () -> result.read(echo));
        return result;
    }

    static KwikStream opened(KwikConnection connection, QuicStream stream) {
        KwikStream result = new KwikStream(connection, stream);
        connection.keepSending(stream);
        if (stream.isBidirectional()) {
            connection.run("kwik-reader", () -> result.read(false));
        }
        return result;
    }

    private void read(boolean echo) {
        byte[] buffer = new byte[CHUNK];
        try {
            InputStream in = stream.getInputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                intact &= Pattern.matches(bytes, buffer, count);
                bytes += count;
                if (echo) {
                    stream.getOutputStream().write(buffer, 0, count);
                }
            }
            if (echo) {
                stream.getOutputStream().close();
            }
            end.complete(End.FIN);
        } catch (IOException e) {
            end.complete(endOf(e));
        } catch (RuntimeException e) {
            end.completeExceptionally(e);
        }
    }

    private static End endOf(IOException e) {
        String message = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        if (message.contains("reset")) {
            return End.RESET;
        }
        return message.contains("stream closed") ? End.STOPPED : End.CONNECTION_CLOSED;
    }

    int id() {
        return stream.getStreamId();
    }

    /** How many bytes were read. */
    long bytes() {
        return bytes;
    }

    /** Whether all that was read was the pattern. */
    boolean intact() {
        return intact;
    }

    /** What arrived from the network, read or not. */
    KwikLog.Arrival arrived() {
        return connection.arrived(id());
    }

    /** Waits until there is no more to read. */
    End end() throws InterruptedException {
        try {
            return end.get(Waits.DEADLINE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("stream " + id() + " did not end; bytes: " + bytes, e);
        }
    }

    /** Sends that many more bytes of the pattern, behind what is to be sent already; flow control may hold it up. */
    CompletableFuture<Void> send(int count) {
        return output(out -> {
            out.write(Pattern.bytes(sent, count));
            out.flush();
            sent += count;
        });
    }

    CompletableFuture<Void> finish() {
        return output(OutputStream::close);
    }

    private interface Output {

        void on(OutputStream out) throws IOException;
    }

    /** One after the other. */
    private synchronized CompletableFuture<Void> output(Output output) {
        written = written.thenRunAsync(() -> {
            try {
                output.on(stream.getOutputStream());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, task -> connection.run("kwik-writer", task));
        return written;
    }

    /** Sends RESET_STREAM. */
    void reset(long code) {
        stream.resetStream(code);
    }

    /** Sends STOP_SENDING. */
    void stop(long code) {
        stream.abortReading(code);
    }
}

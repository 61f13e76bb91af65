package io.closenotify.testsuite.quic;

import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.quic.KwikOptions.Application;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import tech.kwik.core.ConnectionTerminatedEvent;
import tech.kwik.core.ConnectionTerminatedEvent.CloseReason;
import tech.kwik.core.QuicConnection;
import tech.kwik.core.QuicConstants.TransportErrorCode;
import tech.kwik.core.QuicStream;
import tech.kwik.core.common.EncryptionLevel;
import tech.kwik.core.impl.QuicConnectionImpl;
import tech.kwik.core.stream.FlowControlUpdateListener;

/** A connection of kwik's in either role. It reads whatever comes, and tells how it ended. */
final class KwikConnection {

    private static final int WAKE_MILLIS = 20;

    private final QuicConnection connection;
    private final KwikLog log;
    private final Predicate<String> connectionIds;
    private final Application application;
    private final BlockingQueue<KwikStream> accepted = new LinkedBlockingQueue<>();
    private final BlockingQueue<KwikEnd> ends = new LinkedBlockingQueue<>();
    private final List<QuicStream> sending = new CopyOnWriteArrayList<>();
    private final CountDownLatch over = new CountDownLatch(1);

    KwikConnection(QuicConnection connection, KwikLog log, Predicate<String> connectionIds, Application application) {
        this.connection = connection;
        this.log = log;
        this.connectionIds = connectionIds;
        this.application = application;
        connection.setConnectionListener(event -> {
            ends.add(end(event));
            over.countDown();
        });
    }

    /** Called for each stream that the peer opens, by a thread that must not block. */
    void accept(QuicStream stream) {
        accepted.add(KwikStream.accepted(this, stream, application));
    }

    void run(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Wakes the stream time and again. Kwik counts a request to send only after it has queued it; one that is served in
     * between is lost, and the rest of the data stays where it is (27 of 150 times with 300,000 bytes).
     */
    synchronized void keepSending(QuicStream stream) {
        if (sending.isEmpty()) {
            run("kwik-waker", this::wakeStreams);
        }
        sending.add(stream);
    }

    private void wakeStreams() {
        try {
            while (!over.await(WAKE_MILLIS, TimeUnit.MILLISECONDS)) {
                for (QuicStream stream : sending) {
                    ((FlowControlUpdateListener) stream.getOutputStream()).streamNotBlocked(stream.getStreamId());
                }
                ((QuicConnectionImpl) connection).send(size -> null, 1, EncryptionLevel.App, frame -> { }, true);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The event has neither the type nor the reason of a frame with code 0; the log saw the frame before. */
    private KwikEnd end(ConnectionTerminatedEvent event) {
        CloseFrame close = null;
        if (event.closeReason() == CloseReason.ImmediateClose) {
            close = (event.closedByPeer() ? log.received(connectionIds) : List.<CloseFrame>of()).stream().findFirst()
                    .orElseGet(() -> described(event));
        }
        return new KwikEnd(event.closeReason(), event.closedByPeer(), close);
    }

    private static CloseFrame described(ConnectionTerminatedEvent event) {
        if (event.hasApplicationError()) {
            return CloseFrame.application(event.applicationErrorCode(), event.errorDescription());
        }
        return CloseFrame.transport(event.hasTransportError() ? event.transportErrorCode() : 0,
                event.errorDescription());
    }

    /** Waits for the next stream that the peer opens. */
    KwikStream nextStream() throws InterruptedException {
        return Waits.next(accepted, "a stream; errors: " + log.errors());
    }

    KwikStream openBidirectional() throws InterruptedException {
        return open(true);
    }

    KwikStream openUnidirectional() throws InterruptedException {
        return open(false);
    }

    /** Kwik waits for the peer's permission without end, so somebody else has to. */
    private KwikStream open(boolean bidirectional) throws InterruptedException {
        CompletableFuture<QuicStream> opened = new CompletableFuture<>();
        run("kwik-opener", () -> {
            try {
                opened.complete(connection.createStream(bidirectional));
            } catch (IOException | RuntimeException e) {
                opened.completeExceptionally(e);
            }
        });
        try {
            return KwikStream.opened(this, opened.get(Waits.DEADLINE.toNanos(), TimeUnit.NANOSECONDS));
        } catch (ExecutionException | TimeoutException e) {
            throw new AssertionError("no stream was opened", e);
        }
    }

    KwikLog.Arrival arrived(int streamId) {
        return log.arrived(connectionIds, streamId);
    }

    /** Closes with the application's code and reason; returns when kwik has sent the frame. */
    void close(long code, String reason) throws InterruptedException {
        connection.close(code, reason);
        log.awaitSent(CloseFrame.application(code, reason));
    }

    /** Closes with a code and a reason of the transport; returns when kwik has sent the frame. */
    void close(TransportErrorCode code, String reason) throws InterruptedException {
        connection.close(code, reason);
        log.awaitSent(CloseFrame.transport(code.value, reason));
    }

    /** Waits for the end of the connection. There is one, when it begins to close or to drain. */
    KwikEnd end() throws InterruptedException {
        return Waits.next(ends, "the end of the connection; errors: " + log.errors());
    }

    boolean ended() {
        return !ends.isEmpty();
    }

    /** The close frames that came, also those in the closing and draining states. */
    List<CloseFrame> closesReceived() {
        return log.received(connectionIds);
    }

    /** Waits until that many close frames have come. */
    List<CloseFrame> awaitClosesReceived(int count) throws InterruptedException {
        return log.awaitReceived(connectionIds, count);
    }
}

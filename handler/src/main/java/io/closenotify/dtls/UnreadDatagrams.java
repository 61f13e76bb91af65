package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived for a child and was not read yet, up to a cap, as a socket's receive buffer keeps it: what comes
 * beyond is dropped. Put by the event loop of the socket, taken by that of the child.
 */
final class UnreadDatagrams {

    static final int MAX_DATAGRAMS = 1_024;
    static final int MAX_BYTES = 256 * 1_024;

    private final Queue<ByteBuf> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger datagrams = new AtomicInteger();
    private final AtomicInteger bytes = new AtomicInteger();
    private volatile boolean closed;

    /**
     * Keeps a copy, which is of the datagram's size, where the socket's buffer has room for the largest of all, and
     * which its reader may change.
     */
    void offer(ByteBuf datagram) {
        int length = datagram.readableBytes();
        if (closed || datagrams.get() >= MAX_DATAGRAMS || bytes.get() + length > MAX_BYTES) {
            return;
        }
        datagrams.incrementAndGet();
        bytes.addAndGet(length);
        queue.add(datagram.alloc().buffer(length, length).writeBytes(datagram, datagram.readerIndex(), length));
        if (closed) {
            clear();
        }
    }

    @Nullable ByteBuf poll() {
        ByteBuf datagram = queue.poll();
        if (datagram != null) {
            datagrams.decrementAndGet();
            bytes.addAndGet(-datagram.readableBytes());
        }
        return datagram;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    /** Drops all there is and will be. */
    void close() {
        closed = true;
        clear();
    }

    private void clear() {
        for (ByteBuf datagram = poll(); datagram != null; datagram = poll()) {
            datagram.release();
        }
    }
}

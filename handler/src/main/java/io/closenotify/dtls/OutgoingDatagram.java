package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A datagram of a child, in the child's outbound buffer and in the socket's at a time: the child's promise is not
 * completed before the socket's.
 */
final class OutgoingDatagram extends DatagramPacket {

    private enum State { QUEUED, IN_FLIGHT, DONE }

    private volatile State state = State.QUEUED;
    private @Nullable Throwable cause;

    OutgoingDatagram(ByteBuf content, InetSocketAddress recipient) {
        super(content, recipient);
    }

    boolean isQueued() {
        return state == State.QUEUED;
    }

    void handOver() {
        state = State.IN_FLIGHT;
    }

    /** The socket has it, or refuses it. Any thread. */
    void done(@Nullable Throwable refusal) {
        cause = refusal;
        state = State.DONE;
    }

    boolean isDone() {
        return state == State.DONE;
    }

    /** Why it was not sent; null if it was. */
    @Nullable Throwable cause() {
        return cause;
    }
}

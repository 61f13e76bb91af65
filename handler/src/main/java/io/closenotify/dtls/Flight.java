package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import java.util.ArrayList;
import java.util.List;

/** Records of one side's turn in the handshake, as few datagrams as the MTU allows (RFC 6347, section 4.1.1). */
final class Flight {

    private final int mtu;
    private final List<ByteBuf> datagrams = new ArrayList<>(2);

    Flight(int mtu) {
        this.mtu = mtu;
    }

    boolean isEmpty() {
        return datagrams.isEmpty();
    }

    /** The number of the message that it begins with; -1 if it begins with something else, or is empty. */
    int firstMessage() {
        return datagrams.isEmpty() ? -1 : DtlsRecord.messageSequence(datagrams.get(0));
    }

    /** Whether the message that it begins with is in pieces. */
    boolean splitsFirstMessage() {
        return !datagrams.isEmpty() && DtlsRecord.isFragment(datagrams.get(0));
    }

    /** Adds a record, and releases it. */
    void add(ByteBuf record) {
        ByteBuf last = datagrams.isEmpty() ? null : datagrams.get(datagrams.size() - 1);
        if (last == null || last.readableBytes() + record.readableBytes() > mtu) {
            // On the heap and not pooled: nobody needs to release it.
            last = Unpooled.buffer(record.readableBytes(), Math.max(mtu, record.readableBytes()));
            datagrams.add(last);
        }
        last.writeBytes(record);
        record.release();
    }

    /** Sends the datagrams; may be called again. */
    void send(ChannelHandlerContext context) {
        for (ByteBuf datagram : datagrams) {
            context.write(context.alloc().ioBuffer(datagram.readableBytes())
                    .writeBytes(datagram, datagram.readerIndex(), datagram.readableBytes()));
        }
        context.flush();
    }
}

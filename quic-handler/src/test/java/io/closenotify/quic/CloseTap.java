package io.closenotify.quic;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DatagramPacket;
import io.netty.incubator.codec.quic.QuicConnectionCloseEvent;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** First in the UDP pipeline: holds the datagram while the codec reads it, and the close event looks into it. */
final class CloseTap extends ChannelInboundHandlerAdapter {

    private static final int DCID_LENGTH = 20;

    /** What the event said, what the datagram says, and the kinds of its packets: I, 0, H, 1. */
    record Seen(boolean application, int error, List<CloseFrame> frames, String packets, boolean direct) {
    }

    private final BlockingQueue<Seen> seen = new LinkedBlockingQueue<>();
    private ByteBuf datagram;
    private int index;
    private int length;
    private String packets;

    BlockingQueue<Seen> seen() {
        return seen;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        DatagramPacket packet = (DatagramPacket) msg;
        datagram = packet.content().retain();
        index = datagram.readerIndex();
        length = datagram.readableBytes();
        packets = packets();
        try {
            ctx.fireChannelRead(msg);
        } finally {
            datagram.release();
            datagram = null;
        }
    }

    void closed(QuicConnectionCloseEvent event) {
        List<CloseFrame> frames = datagram == null
                ? List.of() : CloseFrameReader.frames(datagram, index, length, DCID_LENGTH);
        boolean direct = datagram != null && datagram.isDirect();
        seen.add(new Seen(event.isApplicationClose(), event.error(), frames, packets, direct));
    }

    /** The kinds and lengths are in the clear: this works before decryption. */
    private String packets() {
        StringBuilder kinds = new StringBuilder();
        BoundedCursor cursor = BoundedCursor.of(datagram, index, length);
        while (cursor.hasRemaining()) {
            int first = cursor.readByte();
            if ((first & 0x80) == 0) {
                return kinds.append('1').toString();
            }
            kinds.append("I0HR".charAt((first & 0x30) >> 4));
            cursor.readInt();
            cursor.skip(cursor.readByte());
            cursor.skip(cursor.readByte());
            cursor.skip((first & 0x30) == 0 ? cursor.readVarint() : 0);
            cursor.skip(cursor.readVarint());
        }
        return kinds.toString();
    }
}

package io.closenotify.examples.probe.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/** Reads responses of HTTP/1.x, of any length, and tells whole ones from a part of one. */
final class HttpResponses {

    private static final byte[] BEGIN = "HTTP/1.".getBytes(ISO_8859_1);

    /** There are servers that send more than the 8 KiB that are usual. */
    private static final int LONGEST_HEADER = 256 << 10;
    private static final int LONGEST_LINE = 64 << 10;
    private static final int LONGEST_CHUNK = 16 << 10;

    private final EmbeddedChannel decoder =
            new EmbeddedChannel(new HttpResponseDecoder(LONGEST_LINE, LONGEST_HEADER, LONGEST_CHUNK));
    private int begun;
    private boolean other;
    private boolean whole;

    /** Reads on; the data are left as they are. */
    void add(ByteBuf data) {
        if (decoder.isOpen()) {
            for (int at = data.readerIndex(); begun < BEGIN.length && at < data.writerIndex(); at++) {
                other |= data.getByte(at) != BEGIN[begun++];
            }
            decoder.writeInbound(data.retainedDuplicate());
            take();
        }
    }

    /**
     * Nothing more comes.
     *
     * @param closeNotify whether the peer has said so, which ends a response without a length of its own (RFC 9112,
     *     section 9.8)
     */
    void end(boolean closeNotify) {
        if (closeNotify && decoder.isOpen()) {
            decoder.finish();
            take();
        }
        decoder.finishAndReleaseAll();
    }

    private void take() {
        for (Object part = decoder.readInbound(); part != null; part = decoder.readInbound()) {
            whole = part instanceof LastHttpContent && ((HttpObject) part).decoderResult().isSuccess();
            ReferenceCountUtil.release(part);
        }
    }

    /** Whether what came begins as one. */
    boolean any() {
        return begun > 0 && !other;
    }

    /** Whether the last one is all there. */
    boolean whole() {
        return whole;
    }
}

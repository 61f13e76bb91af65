package io.closenotify.examples.probe.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;

/** Tells a whole response of HTTP/1.x from a part of one. */
final class HttpResponses {

    private static final String PREFIX = "HTTP/1.";

    private HttpResponses() {
    }

    /** Whether it begins as one. */
    static boolean isOne(byte[] text) {
        return new String(text, 0, Math.min(text.length, PREFIX.length()), ISO_8859_1).equals(PREFIX);
    }

    /** Whether it ends by its own account, not only because the connection does. */
    static boolean isWhole(byte[] text) {
        EmbeddedChannel channel = new EmbeddedChannel(new HttpResponseDecoder());
        boolean whole = false;
        channel.writeInbound(Unpooled.wrappedBuffer(text));
        for (Object part = channel.readInbound(); part != null; part = channel.readInbound()) {
            whole |= part instanceof LastHttpContent && ((HttpObject) part).decoderResult().isSuccess();
            ReferenceCountUtil.release(part);
        }
        channel.finishAndReleaseAll();
        return whole;
    }
}

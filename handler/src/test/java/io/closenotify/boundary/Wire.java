package io.closenotify.boundary;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.MessageBoundary;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.PrematureChannelClosureException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** What a peer sends, and after each of its bytes whether a message is in flight. */
final class Wire {

    private static final long SEED = 9112;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Boolean> inFlight = new ArrayList<>();

    Wire(boolean inFlightBefore) {
        inFlight.add(inFlightBefore);
    }

    /** In flight at each byte but the last. */
    Wire message(byte[] message) {
        return unfinished(message).end(false);
    }

    Wire message(String message) {
        return message(ascii(message));
    }

    /** In flight at each byte, and behind the last. */
    Wire unfinished(byte[] part) {
        return add(part, true);
    }

    Wire unfinished(String part) {
        return unfinished(ascii(part));
    }

    /** Changes nothing. */
    Wire between(String filler) {
        return add(ascii(filler), inFlight.get(inFlight.size() - 1));
    }

    private Wire add(byte[] part, boolean value) {
        bytes.writeBytes(part);
        for (int i = 0; i < part.length; i++) {
            inFlight.add(value);
        }
        return this;
    }

    private Wire end(boolean value) {
        inFlight.set(inFlight.size() - 1, value);
        return this;
    }

    byte[] toBytes() {
        return bytes.toByteArray();
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Cuts it at every byte: received in one buffer, byte by byte, and in buffers of random length. */
    void cutEverywhere(Supplier<EmbeddedChannel> receivers) {
        byte[] all = toBytes();
        Random random = new Random(SEED);
        for (int cut = 0; cut <= all.length; cut++) {
            receive(receivers, all, cut, true, 0, random);
        }
        for (int longest = 1; longest <= all.length; longest = 1 + longest * 3 / 2) {
            receive(receivers, all, all.length, false, longest, random);
        }
    }

    private void receive(Supplier<EmbeddedChannel> receivers, byte[] all, int cut, boolean whole, int longest,
            Random random) {
        EmbeddedChannel channel = receivers.get();
        MessageBoundary boundary = boundary(channel);
        String splits = "cut at " + cut + " of " + all.length
                + (whole ? ", one buffer: " : ", buffers of at most " + longest + ": ");
        assertThat(boundary.isMessageInFlight()).as(splits + "before").isEqualTo(inFlight.get(0));
        int at = 0;
        while (at < cut) {
            int length = whole ? cut : Math.min(cut - at, 1 + random.nextInt(longest));
            channel.writeInbound(Unpooled.copiedBuffer(all, at, length));
            at += length;
            assertThat(boundary.isMessageInFlight()).as(splits + "behind " + at).isEqualTo(inFlight.get(at));
        }
        channel.pipeline().addLast(new TellsOfTheCut());
        channel.finishAndReleaseAll();
    }

    static MessageBoundary boundary(EmbeddedChannel channel) {
        return channel.pipeline().toMap().values().stream()
                .filter(MessageBoundary.class::isInstance).map(MessageBoundary.class::cast).findFirst().orElseThrow();
    }

    /** What an aggregator says of the end of input inside a message. */
    private static final class TellsOfTheCut extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (!(cause instanceof PrematureChannelClosureException)) {
                context.fireExceptionCaught(cause);
            }
        }
    }
}

package io.closenotify.boundary;

import io.closenotify.MessageBoundary;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * The boundary of frames that begin with their length: a message is in flight while a frame is partly read.
 *
 * <p>It belongs behind the {@code TlsShutdownHandler} and in front of the frame decoder, whose parameters it takes:
 * <pre>{@code
 * pipeline.addLast(tlsShutdownHandler);
 * pipeline.addLast(new LengthPrefixedMessageBoundary(0, 4, 0));
 * pipeline.addLast(new LengthFieldBasedFrameDecoder(65_536, 0, 4, 0, 4));
 * }</pre>
 *
 * <p>A reply that is owed but has not begun is not known to it: between two frames nothing is in flight.
 *
 * <p><b>Threading</b>: as a handler's; nothing may be called but by the event loop.
 *
 * <p><b>Errors</b>: after a length that is negative, or too large with the adjustment, nobody knows where a frame ends:
 * a message is in flight from then on.
 */
public final class LengthPrefixedMessageBoundary extends ChannelInboundHandlerAdapter implements MessageBoundary {

    private final FrameTracker frames;

    /**
     * Parameters as those of {@code LengthFieldBasedFrameDecoder}, with the highest byte of a length first.
     *
     * @param lengthFieldOffset where in a frame the length begins
     * @param lengthFieldLength bytes of the length: 1, 2, 3, 4 or 8
     * @param lengthAdjustment what to add to the length to get the number of bytes behind it
     * @throws IllegalArgumentException if one of them makes no sense
     */
    public LengthPrefixedMessageBoundary(int lengthFieldOffset, int lengthFieldLength, int lengthAdjustment) {
        if (lengthFieldOffset < 0 || lengthFieldOffset > Integer.MAX_VALUE - Long.BYTES) {
            throw new IllegalArgumentException("lengthFieldOffset: " + lengthFieldOffset + " (expected: 0 to "
                    + (Integer.MAX_VALUE - Long.BYTES) + ')');
        }
        switch (lengthFieldLength) {
            case 1, 2, 3, 4, 8 -> { }
            default -> throw new IllegalArgumentException("lengthFieldLength: " + lengthFieldLength
                    + " (expected: 1, 2, 3, 4 or 8)");
        }
        // A sum that overflows, or a length above 2^63 - 1, is negative: nonsense either way.
        frames = new FrameTracker(0, lengthFieldOffset, lengthFieldLength,
                length -> length < 0 ? length : length + lengthAdjustment);
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf data) {
            frames.follow(data);
        }
        context.fireChannelRead(message);
    }

    @Override
    public boolean isMessageInFlight() {
        return frames.insideFrame();
    }
}

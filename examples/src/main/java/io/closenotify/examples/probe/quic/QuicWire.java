package io.closenotify.examples.probe.quic;

import static java.util.Objects.requireNonNull;

import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Recorder;
import io.closenotify.examples.probe.quic.PacketKeys.Opened;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Stands between the codec and the socket of one connection: reads all packets with short headers in both directions,
 * and can take the connection over, so that the codec neither sends nor receives any more and packets are made here.
 * It does so by itself when the peer's CONNECTION_CLOSE comes: to the codec that is lost.
 *
 * <p>Event loop only, where nothing else is said.
 */
final class QuicWire extends ChannelDuplexHandler {

    /** More than one exchange wants to see; a peer that sends more is not listened to any further. */
    private static final int MOST_PACKETS = 50_000;

    private static final int MOST_WAITING = 1_000;

    private static final int MOST_UNREAD = 32;

    /** Of the packets we make: a stateless reset must be smaller than what it answers. */
    private static final int PAYLOAD = 48;

    private final Recorder recorder;
    private final KeyLog keys;
    private final InetSocketAddress peer;
    private final BlockingQueue<Packet> packets = new LinkedBlockingQueue<>(MOST_WAITING);
    private final List<byte[]> unread = new ArrayList<>();
    private final StreamLedger streams = new StreamLedger();
    private @Nullable ChannelHandlerContext context;
    private byte[] ownId = {};
    private byte[] peerId = {};
    private long largestSent = -1;
    private long largestReceived = -1;
    private long firstSent;
    private int received;
    private boolean takenOver;
    private volatile boolean unreachable;
    private volatile long firstRoundTrip;

    QuicWire(Recorder recorder, KeyLog keys, InetSocketAddress peer) {
        this.recorder = recorder;
        this.keys = keys;
        this.peer = peer;
    }

    // Any thread

    /** The next datagram of the peer's, or {@code null} if none comes until then. */
    @Nullable Packet next(long deadlineNanos) throws InterruptedException {
        return packets.poll(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    /** Whether the peer's host has said that nobody listens. */
    boolean unreachable() {
        return unreachable;
    }

    /** From our first datagram to the peer's, in nanoseconds; 0 if there was none. */
    long firstRoundTrip() {
        return firstRoundTrip;
    }

    // The script's side

    /** The streams of the peer. */
    StreamLedger streams() {
        return streams;
    }

    void takeOver() {
        takenOver = true;
    }

    /** Whether packets can be made. */
    boolean isReady() {
        return keys.keys(KeyLog.OURS) != null && peerId.length > 0;
    }

    /**
     * Sends a packet with one frame, in place of the codec.
     *
     * @param what names it
     */
    void send(String what, ByteBuf frame) {
        takeOver();
        byte[] payload = new byte[PAYLOAD];
        frame.readBytes(payload, 0, frame.readableBytes());
        byte[] packet = requireNonNull(keys.keys(KeyLog.OURS)).seal(peerId, ++largestSent, payload);
        recorder.add(Direction.SENT, what, packet.length);
        requireNonNull(context).writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(packet), peer));
    }

    /** Gives the codec a datagram that was kept from it. */
    void deliver(ByteBuffer datagram) {
        ChannelHandlerContext own = requireNonNull(context);
        ByteBuf content = own.alloc().directBuffer(datagram.remaining()).writeBytes(datagram.duplicate());
        own.fireChannelRead(new DatagramPacket(
                content, (InetSocketAddress) own.channel().localAddress(), peer));
        own.fireChannelReadComplete();
    }

    // The pipeline's side

    @Override
    public void handlerAdded(ChannelHandlerContext own) {
        context = own;
    }

    @Override
    public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
        if (takenOver) {
            ReferenceCountUtil.release(message);
            promise.trySuccess();
            return;
        }
        if (message instanceof DatagramPacket packet) {
            sent(ByteBufUtil.getBytes(packet.content()));
        }
        own.write(message, promise);
    }

    private void sent(byte[] datagram) {
        if (firstSent == 0) {
            firstSent = System.nanoTime();
        }
        LongHeaders headers = LongHeaders.of(datagram);
        if (headers.sourceId() != null) {
            ownId = headers.sourceId().array();
        }
        List<Frame> frames = List.of();
        PacketKeys own = keys.keys(KeyLog.OURS);
        if (own != null && headers.end() < datagram.length) {
            Opened opened = own.open(
                    Arrays.copyOfRange(datagram, headers.end(), datagram.length), peerId.length, largestSent);
            if (opened != null) {
                largestSent = Math.max(largestSent, opened.number());
                frames = framesOf(opened);
            }
        }
        recorder.add(Direction.SENT, describe(headers, datagram.length, frames), datagram.length);
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (!(message instanceof DatagramPacket packet) || ++received > MOST_PACKETS) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (received == 1) {
            firstRoundTrip = System.nanoTime() - firstSent;
        }
        received(ByteBufUtil.getBytes(packet.content()));
        if (takenOver) {
            packet.release();
        } else {
            own.fireChannelRead(packet);
        }
    }

    private void received(byte[] datagram) {
        LongHeaders headers = LongHeaders.of(datagram);
        if (headers.sourceId() != null) {
            peerId = headers.sourceId().array();
        }
        Packet packet = read(datagram, headers);
        if (packet == null) {
            if (headers.end() < datagram.length && unread.size() < MOST_UNREAD) {
                unread.add(Arrays.copyOfRange(datagram, headers.end(), datagram.length));
            }
            packet = new Packet(System.nanoTime(), ByteBuffer.wrap(datagram), -1, List.of());
        }
        recorder.add(Direction.RECEIVED,
                packet.maybeReset() && takenOver ? "unreadable, as a stateless reset is"
                        : describe(headers, datagram.length, packet.frames()), datagram.length);
        if (packet.close() != null) {
            takeOver();
        }
        if (!packets.offer(packet)) {
            // The script looks at what comes after something of its own, or at the latest.
            packets.poll();
            packets.offer(packet);
        }
    }

    private @Nullable Packet read(byte[] datagram, LongHeaders headers) {
        PacketKeys peers = keys.keys(KeyLog.PEERS);
        if (peers == null) {
            return null;
        }
        // What came before the keys were known.
        unread.forEach(earlier -> open(peers, earlier));
        unread.clear();
        Opened opened = headers.end() < datagram.length
                ? open(peers, Arrays.copyOfRange(datagram, headers.end(), datagram.length)) : null;
        return opened == null
                ? new Packet(System.nanoTime(), ByteBuffer.wrap(datagram), -1, List.of())
                : new Packet(System.nanoTime(), ByteBuffer.wrap(datagram), opened.number(), framesOf(opened));
    }

    private @Nullable Opened open(PacketKeys peers, byte[] packet) {
        Opened opened = peers.open(packet, ownId.length, largestReceived);
        if (opened != null) {
            largestReceived = Math.max(largestReceived, opened.number());
            framesOf(opened).forEach(streams::add);
        }
        return opened;
    }

    private static List<Frame> framesOf(Opened opened) {
        try {
            return Frame.readAll(opened.payload().duplicate());
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            return List.of();
        }
    }

    private static String describe(LongHeaders headers, int length, List<Frame> frames) {
        List<String> names = new ArrayList<>(headers.names());
        if (!frames.isEmpty()) {
            names.add(frames.stream().map(Frame::name).distinct().collect(Collectors.joining(", ")));
        } else if (headers.end() < length) {
            names.add("1-RTT");
        }
        return String.join(" + ", names);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        if (cause instanceof PortUnreachableException) {
            if (!unreachable) {
                recorder.note("port unreachable");
            }
            unreachable = true;
        } else {
            own.fireExceptionCaught(cause);
        }
    }
}

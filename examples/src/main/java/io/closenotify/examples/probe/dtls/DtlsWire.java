package io.closenotify.examples.probe.dtls;

import io.closenotify.examples.probe.Exchange.Direction;
import io.closenotify.examples.probe.Recorder;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DatagramPacket;
import io.netty.util.ReferenceCountUtil;
import java.net.PortUnreachableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Stands before the {@code DtlsHandler} of one connection: sees every record by its header, and can lose alerts of the
 * peer's.
 *
 * <p><b>Specification:</b> RFC 6347, section 4.1.
 */
final class DtlsWire extends ChannelDuplexHandler {

    private static final int HEADER = 13;
    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int APPLICATION_DATA = 23;
    private static final int MOST_DATAGRAMS = 50_000;
    private static final int MOST_ALERTS = 100;

    private static final Map<Integer, String> TYPES =
            Map.of(20, "ChangeCipherSpec", ALERT, "alert", APPLICATION_DATA, "application_data");

    private static final Map<Integer, String> MESSAGES = Map.of(0, "HelloRequest", 1, "ClientHello", 2, "ServerHello",
            3, "HelloVerifyRequest", 4, "NewSessionTicket", 11, "Certificate", 12, "ServerKeyExchange",
            14, "ServerHelloDone", 16, "ClientKeyExchange");

    private final Recorder recorder;
    private final BlockingQueue<Long> alerts = new LinkedBlockingQueue<>(MOST_ALERTS);
    private final AtomicInteger toLose;
    private volatile boolean unreachable;
    private volatile boolean heard;
    private volatile long alertSent;
    private final AtomicInteger dataAfterAlert = new AtomicInteger();
    private long alertSequence = Long.MAX_VALUE;
    private int received;

    /**
     * Creates a wire.
     *
     * @param toLose how many alerts of the peer's are lost, from its first one on
     */
    DtlsWire(Recorder recorder, int toLose) {
        this.recorder = recorder;
        this.toLose = new AtomicInteger(toLose);
    }

    /** Loses no more. */
    void loseNone() {
        toLose.set(0);
    }

    /** When the peer's next alert came, lost or not; {@code null} if none comes until then. */
    @Nullable Long nextAlert(long deadlineNanos) throws InterruptedException {
        return alerts.poll(Math.max(0, deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    /** When our first alert left; 0 if none has. */
    long alertSent() {
        return alertSent;
    }

    /** Application data that was sent behind the peer's first alert. */
    int dataAfterAlert() {
        return dataAfterAlert.get();
    }

    /** Whether the peer's host has said that nobody listens. */
    boolean unreachable() {
        return unreachable;
    }

    /** Whether the peer has sent anything. */
    boolean heard() {
        return heard;
    }

    @Override
    public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
        ByteBuf content = message instanceof DatagramPacket packet ? packet.content()
                : message instanceof ByteBuf bytes ? bytes : null;
        if (content != null && content.isReadable()) {
            List<String> names = new ArrayList<>();
            for (int at = content.readerIndex(); at + HEADER <= content.writerIndex(); at = next(content, at)) {
                names.add(name(content, at));
                if (isProtectedAlert(content, at) && alertSent == 0) {
                    alertSent = System.nanoTime();
                }
            }
            recorder.add(Direction.SENT, String.join(" + ", names), content.readableBytes());
        }
        own.write(message, promise);
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (!(message instanceof DatagramPacket packet) || ++received > MOST_DATAGRAMS) {
            ReferenceCountUtil.release(message);
            return;
        }
        heard = true;
        ByteBuf content = packet.content();
        List<String> names = new ArrayList<>();
        int lostFrom = -1;
        for (int at = content.readerIndex(); at + HEADER <= content.writerIndex() && lostFrom < 0;
                at = next(content, at)) {
            names.add(name(content, at));
            if (isProtectedAlert(content, at)) {
                alertSequence = Math.min(alertSequence, sequence(content, at));
                lostFrom = toLose.get() > 0 ? at : -1;
                names.set(names.size() - 1, lostFrom < 0 ? "alert" : "alert, which is lost");
                alerts.offer(System.nanoTime());
            } else if (isProtected(content, at) && content.getUnsignedByte(at) == APPLICATION_DATA
                    && sequence(content, at) > alertSequence) {
                dataAfterAlert.incrementAndGet();
            }
        }
        recorder.add(Direction.RECEIVED, String.join(" + ", names), content.readableBytes());
        if (lostFrom >= 0) {
            toLose.decrementAndGet();
            content.writerIndex(lostFrom);
        }
        if (content.isReadable()) {
            own.fireChannelRead(packet);
        } else {
            packet.release();
        }
    }

    private static int next(ByteBuf content, int at) {
        return at + HEADER + content.getUnsignedShort(at + 11);
    }

    private static boolean isProtected(ByteBuf content, int at) {
        return content.getUnsignedShort(at + 3) > 0;
    }

    private static boolean isProtectedAlert(ByteBuf content, int at) {
        return content.getUnsignedByte(at) == ALERT && isProtected(content, at);
    }

    private static long sequence(ByteBuf content, int at) {
        return content.getLong(at + 3) & 0xffff_ffff_ffffL;
    }

    private static String name(ByteBuf content, int at) {
        int type = content.getUnsignedByte(at);
        if (type != HANDSHAKE) {
            return TYPES.getOrDefault(type, "record of type " + type);
        }
        if (isProtected(content, at)) {
            return "Finished";
        }
        return at + HEADER < content.writerIndex()
                ? MESSAGES.getOrDefault((int) content.getUnsignedByte(at + HEADER), "handshake") : "handshake";
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        if (cause instanceof PortUnreachableException) {
            if (!unreachable) {
                recorder.note("port unreachable");
            }
            unreachable = true;
        }
        own.fireExceptionCaught(cause);
    }
}

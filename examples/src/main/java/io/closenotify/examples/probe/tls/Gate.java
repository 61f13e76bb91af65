package io.closenotify.examples.probe.tls;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stands between TLS and TCP and lets the scenario decide when what TLS sends, reads or closes comes about. To TLS all
 * of it has happened. Event loop only.
 */
final class Gate extends ChannelDuplexHandler {

    /** More than any scenario sends; what else TLS may send is answers to the peer. */
    private static final int MOST_HELD = 1_000;

    private final List<ByteBuf> held = new ArrayList<>();
    private final Runnable onHeld;
    private @Nullable ChannelHandlerContext context;
    private Output output = Output.PASS;
    private boolean readsHeld;
    private boolean closes;

    /** What becomes of what TLS writes. */
    enum Output {
        PASS, HOLD, DROP
    }

    /**
     * Creates the gate of one connection.
     *
     * @param onHeld called when something is held
     */
    Gate(Runnable onHeld) {
        this.onHeld = onHeld;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    void output(Output wanted) {
        output = wanted;
    }

    boolean holds() {
        return !held.isEmpty();
    }

    /** Lets go of what is held, all of it in one write. */
    void release() {
        output = Output.PASS;
        send(Unpooled.wrappedBuffer(held.toArray(ByteBuf[]::new)));
        held.clear();
    }

    /** Sends bytes that TLS knows nothing of. */
    ChannelFuture send(ByteBuf bytes) {
        return requireNonNull(context).writeAndFlush(bytes);
    }

    void holdReads() {
        readsHeld = true;
    }

    void releaseReads() {
        readsHeld = false;
        if (context != null) {
            context.read();
        }
    }

    /** TLS may close TCP; otherwise only the scenario does. */
    void letTlsClose() {
        closes = true;
    }

    @Override
    public void write(ChannelHandlerContext own, Object message, ChannelPromise promise) {
        if (output == Output.PASS) {
            own.write(message, promise);
            return;
        }
        if (output == Output.HOLD && held.size() < MOST_HELD && message instanceof ByteBuf bytes) {
            held.add(bytes);
            onHeld.run();
        } else {
            ReferenceCountUtil.release(message);
        }
        promise.trySuccess();
    }

    @Override
    public void read(ChannelHandlerContext own) {
        if (!readsHeld) {
            own.read();
        }
    }

    @Override
    public void close(ChannelHandlerContext own, ChannelPromise promise) {
        if (closes) {
            own.close(promise);
        } else {
            own.channel().closeFuture().addListener(closed -> promise.trySuccess());
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext removed) {
        held.forEach(ByteBuf::release);
        held.clear();
    }
}

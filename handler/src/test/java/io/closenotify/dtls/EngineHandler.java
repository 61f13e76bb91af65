package io.closenotify.dtls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The least that makes a handshake; without an engine all passes through, and the test says when it is done. */
final class EngineHandler extends ChannelDuplexHandler implements ChildHandler {

    final InetSocketAddress peer;
    final CountDownLatch superseded = new CountDownLatch(1);
    final BlockingQueue<byte[]> datagrams = new LinkedBlockingQueue<>();
    private final @Nullable EngineByHand engine;
    private volatile Promise<Channel> handshake;

    EngineHandler(InetSocketAddress peer, @Nullable SSLEngine engine) {
        this.peer = peer;
        this.engine = engine == null ? null : new EngineByHand(engine);
    }

    @Override
    public ChannelHandler handler() {
        return this;
    }

    @Override
    public Future<Channel> handshakeFuture() {
        return handshake;
    }

    Promise<Channel> handshake() {
        return handshake;
    }

    @Override
    public void superseded() {
        superseded.countDown();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        handshake = context.executor().newPromise();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws SSLException {
        if (engine == null) {
            context.fireChannelRead(message);
            return;
        }
        byte[] datagram = ByteBufUtil.getBytes((ByteBuf) message);
        ReferenceCountUtil.release(message);
        datagrams.add(datagram);
        byte[] said = engine.unwrap(datagram);
        for (byte[] next : engine.flight()) {
            context.writeAndFlush(context.alloc().buffer(next.length).writeBytes(next));
        }
        if (engine.isFinished()) {
            handshake.trySuccess(context.channel());
        }
        if (said.length > 0) {
            context.fireChannelRead(context.alloc().buffer(said.length).writeBytes(said));
        }
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws SSLException {
        if (engine == null) {
            context.write(message, promise);
            return;
        }
        byte[] record = engine.wrap(ByteBufUtil.getBytes((ByteBuf) message));
        ReferenceCountUtil.release(message);
        context.write(context.alloc().buffer(record.length).writeBytes(record), promise);
    }
}

package io.closenotify.testsuite.tls;

import io.closenotify.ShutdownOutcome;
import io.closenotify.testsuite.Waits;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;

/** The application at the end of a pipeline: takes note of everything, answers nothing. */
class Recorder extends ChannelInboundHandlerAdapter {

    final AtomicLong bytes = new AtomicLong();
    final List<Object> events = new CopyOnWriteArrayList<>();
    final List<Throwable> exceptions = new CopyOnWriteArrayList<>();
    final BlockingQueue<ShutdownOutcome> outcomes = new LinkedBlockingQueue<>();

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf data = (ByteBuf) message;
        bytes.addAndGet(data.readableBytes());
        data.release();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        events.add(event);
        if (event instanceof ShutdownOutcome outcome) {
            outcomes.add(outcome);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        exceptions.add(cause);
    }

    long closeNotifies() {
        return events.stream()
                .filter(event -> event instanceof SslCloseCompletionEvent close && close.isSuccess()).count();
    }

    ShutdownOutcome outcome() throws InterruptedException {
        return Waits.next(outcomes, "the outcome; exceptions: " + exceptions);
    }
}

package io.closenotify.tls;

import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundInvoker;
import io.netty.channel.ChannelOutboundInvoker;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.ChannelInputShutdownReadComplete;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import org.jspecify.annotations.Nullable;

/**
 * Stands in front of the {@code SslHandler} and decides what it gets to read.
 *
 * <p>Where TLS may end before the transport does, or where an alert may have to be held, it is there from the first
 * byte on and lets the records through one by one: so that what follows the peer's close_notify never enters the {@code
 * SslHandler}. Elsewhere it is put there when a shutdown has to watch or stop the input.
 */
final class InputGate extends ChannelDuplexHandler {

    /** What is held stops the reading at this size. */
    private static final int MOST_HELD = 1 << 16;

    /** A read of few bytes holds a whole buffer. */
    private static final int LEAST_COUNTED = 1 << 9;

    private final TlsShutdownHandler handler;
    private final TlsEngine engine;
    private final @Nullable RecordFraming framing;
    private Collection<Object> held = Collections.emptyList();
    private @Nullable ChannelHandlerContext context;
    private Mode mode = Mode.PASS;
    private int bytesHeld;
    private int bytesPassed;
    private boolean readIsDue;
    private boolean passing;
    private @Nullable Runnable afterRecord;
    private @Nullable RecordFraming alert;
    private boolean alertIsWhole;
    private boolean alertReleased;

    private enum Mode {

        /** The SslHandler reads. */
        PASS,

        /** An alert of TLS 1.2 is held, and what follows it: the engine would answer by itself. */
        HOLD_ALERT,

        /** What follows the peer's close_notify is held: it is plaintext, for the time after TLS. */
        HOLD_PLAINTEXT,

        /**
         * Nothing that arrives matters any more: behind the peer's close_notify (RFC 8446, section 6.1: "Any data
         * received after a closure alert has been received MUST be ignored") and in a quiet linger. It would pile up in
         * the SslHandler, or make it throw.
         */
        DISCARD
    }

    /**
     * Makes a gate.
     *
     * @param framed whether it is there from the first byte on, and is to let the records through one by one
     */
    InputGate(TlsShutdownHandler handler, TlsEngine engine, boolean framed) {
        this.handler = handler;
        this.engine = engine;
        framing = framed ? new RecordFraming() : null;
    }

    /** Whether it knows where the records begin. */
    boolean isFramed() {
        return framing != null && framing.isValid();
    }

    /** Whether what followed the peer's close_notify is lost to the time after TLS. */
    boolean isDiscarding() {
        return mode == Mode.DISCARD;
    }

    /** Whether the end of input is among what is held. */
    boolean holdsEndOfInput() {
        return held.stream().anyMatch(ChannelInputShutdownEvent.class::isInstance);
    }

    // What the shutdown says

    void discard() {
        mode = Mode.DISCARD;
        ChannelHandlerContext own = requireNonNull(context);
        releaseHeld(own);
        readOn(own);
    }

    private void releaseHeld(ChannelHandlerContext own) {
        for (Object next : takeHeld()) {
            if (next instanceof ByteBuf data) {
                data.release();
            } else {
                own.fireUserEventTriggered(next);
            }
        }
    }

    void holdPlaintext() {
        mode = Mode.HOLD_PLAINTEXT;
    }

    /** The engine may see the alert now, and what followed it. */
    void releaseAlert() {
        ChannelHandlerContext own = context;
        if (mode != Mode.HOLD_ALERT || own == null) {
            return;
        }
        mode = Mode.PASS;
        alertReleased = true;
        for (Object next : takeHeld()) {
            if (next instanceof ByteBuf data) {
                channelRead(own, data);
            } else {
                userEventTriggered(own, next);
            }
        }
        channelReadComplete(own);
        readOn(own);
    }

    /** Runs when the record that is being read has been dealt with; at once if there is none. */
    void afterRecord(Runnable task) {
        if (passing) {
            afterRecord = task;
        } else {
            task.run();
        }
    }

    /**
     * Leaves, and hands what was held to whoever stands behind it now.
     *
     * @param inFront who stood in front when TLS left
     */
    void deliver(ChannelInboundInvoker inFront) {
        Collection<Object> delivered = takeHeld();
        ChannelPipeline left = depart();
        for (Object next : delivered) {
            if (next instanceof ByteBuf data) {
                inFront.fireChannelRead(data);
            } else {
                inFront.fireUserEventTriggered(next);
            }
        }
        if (!delivered.isEmpty()) {
            inFront.fireChannelReadComplete();
        }
        readOn(left);
    }

    /** Leaves; the data that is held is of no use any more, but a read that was asked for is still due. */
    void leave() {
        releaseHeld(requireNonNull(context));
        readOn(depart());
    }

    private ChannelPipeline depart() {
        ChannelPipeline pipeline = requireNonNull(context).pipeline();
        pipeline.remove(this);
        return pipeline;
    }

    private Collection<Object> takeHeld() {
        Collection<Object> taken = held;
        held = Collections.emptyList();
        bytesHeld = 0;
        return taken;
    }

    private void hold(Object next) {
        if (held.isEmpty()) {
            held = new ArrayList<>(4);
        }
        held.add(next);
    }

    private void readOn(ChannelOutboundInvoker reader) {
        if (readIsDue) {
            readIsDue = false;
            reader.read();
        }
    }

    // Netty's events

    @Override
    public void handlerAdded(ChannelHandlerContext own) {
        context = own;
    }

    @Override
    public void channelRead(ChannelHandlerContext own, Object message) {
        if (!(message instanceof ByteBuf data)) {
            own.fireChannelRead(message);
            return;
        }
        switch (mode) {
            case PASS -> pass(own, data);
            case HOLD_ALERT -> holdAlert(data);
            case HOLD_PLAINTEXT -> hold(data);
            case DISCARD -> data.release();
        }
    }

    private void hold(ByteBuf data) {
        bytesHeld += Math.max(LEAST_COUNTED, data.readableBytes());
        hold((Object) data);
    }

    /** Tells of the alert once all of it is here: until then it may be no more than a truncation. */
    private void holdAlert(ByteBuf data) {
        boolean told = alertIsWhole;
        RecordFraming record = alert == null ? new RecordFraming() : alert;
        alert = record;
        if (!told && data.isReadable()) {
            record.next(data);
            alertIsWhole = record.isBetweenRecords();
        }
        hold(data);
        if (!record.isValid()) {
            releaseAlert();
        } else if (alertIsWhole && !told) {
            handler.alertHeld();
        }
    }

    private void pass(ChannelHandlerContext own, ByteBuf data) {
        if (framing == null) {
            bytesPassed += data.readableBytes();
            own.fireChannelRead(data);
            return;
        }
        boolean nested = passing;
        passing = true;
        try {
            while (data.isReadable() && mode == Mode.PASS && !own.isRemoved()) {
                if (!alertReleased && framing.startsWithAlert(data) && handler.holdsAlerts()) {
                    mode = Mode.HOLD_ALERT;
                    break;
                }
                ByteBuf part = data.readRetainedSlice(framing.next(data));
                bytesPassed += part.readableBytes();
                own.fireChannelRead(part);
                if (endsTls() && mode == Mode.PASS) {
                    // What is to become of the rest is decided when the shutdown has heard of it.
                    mode = Mode.HOLD_PLAINTEXT;
                }
            }
            if (data.isReadable()) {
                // The shutdown has decided meanwhile, or this gate is no longer needed.
                if (own.isRemoved()) {
                    own.fireChannelRead(data.retain());
                } else {
                    channelRead(own, data.retain());
                }
            }
        } finally {
            data.release();
            passing = nested;
        }
        Runnable task = afterRecord;
        if (task != null && !passing) {
            afterRecord = null;
            task.run();
        }
    }

    /** Whether the record just read was the last one of the peer's: its close_notify. */
    private boolean endsTls() {
        engine.inputRead();
        return engine.closeNotifyReceived();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext own) {
        own.fireChannelReadComplete();
        if (bytesPassed > 0) {
            int passed = bytesPassed;
            bytesPassed = 0;
            handler.inputPassed(passed);
        }
        ChannelConfig config = own.channel().config();
        if (bytesHeld >= MOST_HELD && config.isAutoRead()) {
            // With autoRead on a socket reads on unasked; switched off and on, it waits for the read() that stops here.
            config.setAutoRead(false);
            config.setAutoRead(true);
        }
    }

    @Override
    public void read(ChannelHandlerContext own) {
        if (bytesHeld >= MOST_HELD) {
            readIsDue = true;
        } else {
            own.read();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext own, Object event) {
        boolean endsInput = event instanceof ChannelInputShutdownEvent
                || event instanceof ChannelInputShutdownReadComplete;
        if (endsInput && mode == Mode.HOLD_ALERT && !alertIsWhole) {
            releaseAlert();
        }
        if (endsInput && (mode == Mode.HOLD_ALERT || mode == Mode.HOLD_PLAINTEXT)) {
            hold(event);
        } else {
            own.fireUserEventTriggered(event);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext own) {
        // A fatal alert that was held is told before the end.
        releaseAlert();
        own.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext own, Throwable cause) {
        if (mode != Mode.PASS && cause instanceof IOException) {
            // SslHandler swallows some of these by their text; here all of them are seen.
            handler.suspectTransport(cause, () -> own.fireExceptionCaught(cause));
        } else {
            own.fireExceptionCaught(cause);
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext own) {
        context = null;
        takeHeld().forEach(ReferenceCountUtil::release);
    }
}

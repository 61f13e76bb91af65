package io.closenotify.observe;

import io.closenotify.ConnectionOutcome;
import io.closenotify.ShutdownOutcome;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.regex.Pattern;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * The event, from the start of a shutdown to its outcome. What a protocol does not have, or what is not known, is
 * {@link Long#MIN_VALUE} in times and amounts, which the tools show as N/A, -1 in other numbers, and {@code null}.
 */
@Name("io.closenotify.Shutdown")
@Label("Connection Shutdown")
@Description("The end of one connection, from the start of its shutdown to its outcome")
@Category({"Closenotify", "Connection"})
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // Read by the Flight Recorder.
final class ShutdownEvent extends Event implements ShutdownRecording {

    private static final long NOT_APPLICABLE = Long.MIN_VALUE;

    private static final int LONGEST_TEXT = 1_000;

    /** Control and format characters, lone surrogates, and line and paragraph separators. */
    private static final Pattern HARMFUL = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]");

    @Label("Protocol")
    @Description("tls, dtls or quic")
    private @Nullable String protocol;

    @Label("Peer")
    @Description("Address and port of the peer")
    private @Nullable String peer;

    @Label("Mode")
    @Description("The mode that was in force at the end, after any hastening or strengthening")
    private @Nullable String mode;

    @Label("Result")
    @Description("What became of the shutdown")
    private @Nullable String result;

    @Label("Success")
    @Description("Whether the result counts as a success")
    private boolean success;

    @Label("Initiator")
    @Description("Who ended the connection first: local, peer or transport")
    private @Nullable String initiator;

    @Label("Elapsed")
    @Description("The time from the start of the shutdown to the outcome, as the outcome tells it")
    @Timespan
    private long elapsed;

    @Label("Flush Time")
    @Description("Until close_notify had reached the kernel (TLS, DTLS) or everything was acknowledged (QUIC), or that"
            + " was given up")
    @Timespan
    private long flushTime;

    @Label("Peer Time")
    @Description("From then until the peer's close_notify, its deadline or the end of input (TLS, DTLS)")
    @Timespan
    private long peerTime = NOT_APPLICABLE;

    @Label("Linger Time")
    @Description("From then until the outcome; zero where it was known before the linger (TLS, DTLS)")
    @Timespan
    private long lingerTime = NOT_APPLICABLE;

    @Label("Close Time")
    @Description("From the end of the flush until CONNECTION_CLOSE was on the wire, or the peer's arrived, or that was"
            + " given up (QUIC)")
    @Timespan
    private long closeTime = NOT_APPLICABLE;

    @Label("close_notify Sent")
    @Description("Whether sending our close_notify was attempted, or counts as done; over QUIC: a"
            + " CONNECTION_CLOSE of ours is on the wire")
    private boolean closeNotifySent;

    @Label("close_notify Received")
    @Description("Whether the peer's close_notify arrived, or counts as arrived; over QUIC: a"
            + " CONNECTION_CLOSE")
    private boolean closeNotifyReceived;

    @Label("Last Alert")
    @Description("The last alert received, or the fatal one sent (TLS, DTLS)")
    private @Nullable String lastAlert;

    @Label("Bytes Delivered")
    @Description("Application data that arrived after our close_notify and went to the application (TLS, DTLS)")
    @DataAmount
    private long bytesDelivered = NOT_APPLICABLE;

    @Label("Bytes Discarded")
    @Description("Application data that arrived after our close_notify and was released (TLS, DTLS)")
    @DataAmount
    private long bytesDiscarded = NOT_APPLICABLE;

    @Label("Bytes Not Flushed")
    @Description("What was written before the shutdown and the kernel never took (TLS, DTLS)")
    @DataAmount
    private long bytesNotFlushed = NOT_APPLICABLE;

    @Label("Transport Kept")
    @Description("Whether the transport lives on in plaintext (TLS)")
    private boolean transportKept;

    @Label("Session Resumable")
    @Description("Whether the session was left fit for resumption (TLS, DTLS)")
    private boolean sessionResumable;

    @Label("Repeats")
    @Description("How often our close_notify was sent again (DTLS)")
    private int repeats;

    @Label("Missing At Most")
    @Description("How many of the peer's records, at most, never arrived (DTLS); -1 if that is not known")
    private long missingAtMost = -1;

    @Label("Error Code")
    @Description("The code of the CONNECTION_CLOSE (QUIC); -1 if there was none")
    private long errorCode = -1;

    @Label("Reason")
    @Description("The reason phrase of the CONNECTION_CLOSE (QUIC)")
    private @Nullable String reason;

    @Label("Remote")
    @Description("Whether the CONNECTION_CLOSE is the peer's (QUIC)")
    private boolean remote;

    @Label("Application")
    @Description("Whether the code is the application's, and not one of QUIC itself (QUIC)")
    private boolean application;

    @Label("Delivery")
    @Description("How far the news of the end is known to have come: on_wire, peer_confirmed or not_sent (QUIC)")
    private @Nullable String delivery;

    @Label("Bytes Unacknowledged")
    @Description("About how much that was written is not known to be acknowledged (QUIC)")
    @DataAmount
    private long bytesUnacknowledged = NOT_APPLICABLE;

    @Label("Cause")
    @Description("What went wrong underneath")
    private @Nullable String cause;

    private ShutdownEvent() {
    }

    /** Not loaded before the Flight Recorder is in use. */
    private static final class Type {

        static final EventType OF_SHUTDOWNS = EventType.getEventType(ShutdownEvent.class);
    }

    static @Nullable ShutdownEvent beginIfRecorded() {
        if (!FlightRecorder.isInitialized() || !Type.OF_SHUTDOWNS.isEnabled()) {
            return null;
        }
        ShutdownEvent event = new ShutdownEvent();
        event.begin();
        return event;
    }

    @Override
    public void commit(ShutdownOutcome outcome, @Nullable SocketAddress peer) {
        if (shouldCommit()) {
            note(outcome, peer);
            flushTime = outcome.flushTime().toNanos();
            peerTime = outcome.peerTime().toNanos();
            lingerTime = outcome.lingerTime().toNanos();
            closeNotifySent = outcome.closeNotifySent();
            closeNotifyReceived = outcome.closeNotifyReceived();
            lastAlert = harmless(outcome.lastAlert());
            bytesDelivered = outcome.bytesDelivered();
            bytesDiscarded = outcome.bytesDiscarded();
            bytesNotFlushed = outcome.bytesNotFlushed();
            transportKept = outcome.transportKept();
            sessionResumable = outcome.sessionResumable();
            repeats = outcome.repeats();
            missingAtMost = outcome.missingAtMost();
            commit();
        }
    }

    @Override
    public void commit(ConnectionOutcome outcome, @Nullable SocketAddress peer, QuicEnd end) {
        if (shouldCommit()) {
            note(outcome, peer);
            flushTime = end.flushTime().toNanos();
            closeTime = end.closeTime().toNanos();
            delivery = label(end.delivery());
            bytesUnacknowledged = end.bytesUnacknowledged() < 0 ? NOT_APPLICABLE : end.bytesUnacknowledged();
            QuicClose close = end.close();
            if (close != null) {
                errorCode = close.errorCode();
                reason = harmless(close.reason());
                remote = close.remote();
                closeNotifySent = !close.remote();
                closeNotifyReceived = close.remote();
                application = close.application();
            }
            commit();
        }
    }

    private void note(ConnectionOutcome outcome, @Nullable SocketAddress address) {
        protocol = label(outcome.protocol());
        peer = harmless(address instanceof InetSocketAddress internet
                ? NetUtil.toSocketAddressString(internet) : address == null ? null : address.toString());
        mode = label(outcome.mode());
        result = label(outcome.result());
        success = outcome.isSuccess();
        initiator = label(outcome.initiator());
        elapsed = outcome.elapsed().toNanos();
        cause = describe(outcome.cause());
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    private static @Nullable String describe(@Nullable Throwable cause) {
        if (cause == null) {
            return null;
        }
        try {
            return harmless(cause.toString());
        } catch (Throwable e) {
            // Of somebody else's making; the outcome must be told all the same.
            return cause.getClass().getName();
        }
    }

    /** A peer may have chosen the text, to whom nobody's terminal is to listen. */
    private static @Nullable String harmless(@Nullable String text) {
        if (text == null) {
            return null;
        }
        String start = text.length() > LONGEST_TEXT ? text.substring(0, LONGEST_TEXT) : text;
        return HARMFUL.matcher(start).replaceAll("\uFFFD");
    }
}

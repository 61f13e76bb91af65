package io.closenotify.testkit;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a {@link ScriptedTlsPeer} does, step by step.
 *
 * <pre>{@code
 * TlsScript truncates = TlsScript.begin()
 *         .handshake()
 *         .receiveUntil("\r\n\r\n")
 *         .send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so much")
 *         .fin()
 *         .awaitEnd();
 * }</pre>
 *
 * <p>Nothing is read or written but by a step: a peer that waits for a signal is one that does not read. A step that
 * reads stops as soon as it has what it waits for; what came with it stays for the next one. The end of the script
 * closes the socket, whose kernel answers with RST if something lies unread in it.
 *
 * <p><b>Errors.</b> A step that makes no sense where it is, such as a write in front of the handshake, is refused
 * with an {@link IllegalStateException} when it is added. One that cannot be done when it is played fails the report
 * with a {@link ScriptFailedException}.
 *
 * <p><b>Threading.</b> Immutable: each method returns a longer script and leaves this one as it is. One script may be
 * played by many peers.
 */
public final class TlsScript {

    private static final TlsScript EMPTY = new TlsScript(List.of());

    private final List<Step> steps;

    private TlsScript(List<Step> steps) {
        this.steps = steps;
    }

    /**
     * Begins a script.
     *
     * @return a script without steps
     */
    public static TlsScript begin() {
        return EMPTY;
    }

    /**
     * Does the TLS handshake. If it is {@linkplain #cutNext cut}, the step is over where the cut is.
     *
     * @return a script with this step
     */
    public TlsScript handshake() {
        if (has(Kind.HANDSHAKE)) {
            throw refused("handshake()", "the first one");
        }
        return add(Kind.HANDSHAKE, "handshake()", ScriptRun::handshake);
    }

    /**
     * Sends application data, in records of at most 16 KiB.
     *
     * @param data the data, not empty
     * @return a script with this step
     */
    public TlsScript send(byte[] data) {
        byte[] copy = notEmpty(data);
        String name = "send(" + copy.length + " bytes)";
        requireOpen(name);
        return add(Kind.SEND, name, run -> run.send(copy));
    }

    /**
     * Sends text as application data.
     *
     * @param text the text, sent as UTF-8; not empty
     * @return a script with this step
     */
    public TlsScript send(String text) {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends close_notify, as the first or as the answer. With no version does it happen by itself.
     *
     * @return a script with this step
     */
    public TlsScript closeNotify() {
        requireOpen("closeNotify()");
        return add(Kind.END_OF_TLS, "closeNotify()", ScriptRun::closeNotify);
    }

    /**
     * Sends a fatal alert, {@code bad_record_mac}, as a peer does that cannot decrypt what it was sent.
     *
     * @return a script with this step
     */
    public TlsScript fatalAlert() {
        requireOpen("fatalAlert()");
        return add(Kind.END_OF_TLS, "fatalAlert()", ScriptRun::fatalAlert);
    }

    /**
     * Sends a record of application data that nobody can decrypt.
     *
     * @return a script with this step
     */
    public TlsScript badRecord() {
        requireHandshake("badRecord()");
        return add(Kind.WRITE, "badRecord()", run -> run.raw(ScriptRun.badRecord()));
    }

    /**
     * Sends bytes past TLS: plaintext, garbage, or what follows behind close_notify.
     *
     * @param bytes the bytes, not empty
     * @return a script with this step
     */
    public TlsScript raw(byte[] bytes) {
        byte[] copy = notEmpty(bytes);
        return add(Kind.WRITE, "raw(" + copy.length + " bytes)", run -> run.raw(copy));
    }

    /**
     * Of all that the next step sends, sends the first bytes only and keeps the others for {@link #rest}: so a
     * record ends at any byte. The next step has to be one that sends, and to send more than that.
     *
     * @param bytes how many bytes on the wire to send, at least zero
     * @return a script with this step
     */
    public TlsScript cutNext(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 0)");
        }
        return add(Kind.CUT, "cutNext(" + bytes + ')', run -> run.cutNext(bytes));
    }

    /**
     * Sends what {@link #cutNext} kept.
     *
     * @return a script with this step
     */
    public TlsScript rest() {
        if (!has(Kind.CUT)) {
            throw refused("rest()", "behind cutNext()");
        }
        return add(Kind.WRITE, "rest()", ScriptRun::rest);
    }

    /**
     * Reads until so much application data has arrived, beyond what earlier steps waited for.
     *
     * @param bytes how many bytes, at least 1
     * @return a script with this step
     */
    public TlsScript receive(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException("bytes: " + bytes + " (expected: >= 1)");
        }
        String name = "receive(" + bytes + ')';
        requireHandshake(name);
        return add(Kind.READ, name, run -> run.receive(bytes));
    }

    /**
     * Reads until a text has arrived as application data, behind what earlier steps waited for.
     *
     * @param text the text, as UTF-8; not empty
     * @return a script with this step
     */
    public TlsScript receiveUntil(String text) {
        notEmpty(text.getBytes(StandardCharsets.UTF_8));
        String name = "receiveUntil(\"" + text.replace("\r", "\\r").replace("\n", "\\n") + "\")";
        requireHandshake(name);
        return add(Kind.READ, name, run -> run.receiveUntil(text));
    }

    /**
     * Reads until the close_notify of the other side; application data before it is received. Steps behind it may
     * still send, in TLS 1.2 as well.
     *
     * @return a script with this step
     */
    public TlsScript awaitCloseNotify() {
        requireHandshake("awaitCloseNotify()");
        return add(Kind.READ, "awaitCloseNotify()", ScriptRun::awaitCloseNotify);
    }

    /**
     * Reads until the other side has ended TCP, by FIN or by RST; the report tells what came before, a fatal alert
     * and records that cannot be read included. The latter it answers with a fatal alert.
     *
     * @return a script with this step
     */
    public TlsScript awaitEnd() {
        return add(Kind.READ, "awaitEnd()", ScriptRun::awaitEnd);
    }

    /**
     * Half-closes TCP: sends FIN, and may go on reading. Nothing can be sent behind it.
     *
     * @return a script with this step
     */
    public TlsScript fin() {
        return add(Kind.FIN, "fin()", ScriptRun::fin);
    }

    /**
     * Resets TCP. Nothing can follow.
     *
     * @return a script with this step
     */
    public TlsScript reset() {
        return add(Kind.RESET, "reset()", ScriptRun::reset);
    }

    /**
     * Neither reads nor writes until the peer is closed or the deadline is over; that is no failure, and the report
     * is complete then.
     *
     * @return a script with this step
     */
    public TlsScript stall() {
        return add(Kind.WAIT, "stall()", ScriptRun::stall);
    }

    /**
     * Waits, without reading, until the test calls {@link ScriptedTlsPeer#signal}.
     *
     * @param name the name of the signal
     * @return a script with this step
     */
    public TlsScript awaitSignal(String name) {
        requireNonNull(name, "name");
        return add(Kind.SIGNAL, "awaitSignal(\"" + name + "\")", name, run -> run.awaitSignal(name));
    }

    /**
     * Lets the test know that the script has come so far; see {@link ScriptedTlsPeer#awaitMark}.
     *
     * @param name the name of the mark
     * @return a script with this step
     */
    public TlsScript mark(String name) {
        requireNonNull(name, "name");
        return add(Kind.MARK, "mark(\"" + name + "\")", name, run -> run.mark(name));
    }

    /** Tells the steps. */
    @Override
    public String toString() {
        return steps.stream().map(Step::name).toList().toString();
    }

    List<Step> steps() {
        return steps;
    }

    /** The names of signals, or of marks. */
    Set<String> labels(Kind kind) {
        Set<String> labels = new HashSet<>();
        steps.stream().filter(step -> step.kind() == kind).forEach(step -> labels.add(step.label()));
        return labels;
    }

    /** Checks what only the whole script shows. */
    void checkComplete() {
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("script: empty (expected: at least one step)");
        }
        if (last() == Kind.CUT) {
            throw new IllegalArgumentException("script: " + this + " (expected: a step that sends behind cutNext())");
        }
    }

    private TlsScript add(Kind kind, String name, Action action) {
        return add(kind, name, "", action);
    }

    private TlsScript add(Kind kind, String name, String label, Action action) {
        if (last() == Kind.CUT && !kind.sends) {
            throw refused(name, "a step that sends behind cutNext()");
        }
        if (kind.sends && has(Kind.FIN)) {
            throw refused(name, "in front of fin()");
        }
        if (last() == Kind.RESET) {
            throw refused(name, "nothing behind reset()");
        }
        List<Step> longer = new ArrayList<>(steps);
        longer.add(new Step(kind, name, label, action));
        return new TlsScript(List.copyOf(longer));
    }

    private Kind last() {
        return steps.isEmpty() ? Kind.WAIT : steps.get(steps.size() - 1).kind();
    }

    private boolean has(Kind kind) {
        return steps.stream().anyMatch(step -> step.kind() == kind);
    }

    private void requireHandshake(String step) {
        if (!has(Kind.HANDSHAKE)) {
            throw refused(step, "behind handshake()");
        }
    }

    private void requireOpen(String step) {
        requireHandshake(step);
        if (has(Kind.END_OF_TLS)) {
            throw refused(step, "in front of closeNotify() and fatalAlert(), behind which only raw() sends");
        }
    }

    private IllegalStateException refused(String step, String expected) {
        return new IllegalStateException(step + " behind " + this + " (expected: " + expected + ')');
    }

    private static byte[] notEmpty(byte[] data) {
        if (data.length == 0) {
            throw new IllegalArgumentException("length: 0 (expected: >= 1)");
        }
        return data.clone();
    }

    /** What a step is to those around it. */
    enum Kind {
        HANDSHAKE(true), SEND(true), END_OF_TLS(true), WRITE(true), CUT(false), READ(false), FIN(false),
        RESET(false), WAIT(false), SIGNAL(false), MARK(false);

        private final boolean sends;

        Kind(boolean sends) {
            this.sends = sends;
        }
    }

    /** How a step is done. */
    @FunctionalInterface
    interface Action {

        void perform(ScriptRun run) throws IOException, InterruptedException;
    }

    /** One step. */
    record Step(Kind kind, String name, String label, Action action) {
    }
}

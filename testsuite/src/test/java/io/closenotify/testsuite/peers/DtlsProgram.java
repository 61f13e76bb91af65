package io.closenotify.testsuite.peers;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/** A program that speaks DTLS, and tells by its output what happens. */
final class DtlsProgram implements DtlsServerPeer, DtlsClientPeer {

    /**
     * How one program is spoken to and understood.
     *
     * @param dataPrefix regular expression of what it writes in front of a line that it has received
     * @param close makes it send close_notify
     */
    record Speech(Set<DtlsFeature> features, String dataPrefix, Pattern closeNotify, Pattern handshake,
            Pattern resumed, Consumer<PeerProcess> close) {
    }

    private final Speech speech;
    private final List<String> again;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> unreadCloseNotifies = new LinkedBlockingQueue<>();
    private final BlockingQueue<Boolean> handshakes = new LinkedBlockingQueue<>();
    private final AtomicInteger closeNotifies = new AtomicInteger();
    private PeerProcess process;
    private InetSocketAddress address;

    private DtlsProgram(Speech speech, List<String> again) {
        this.speech = speech;
        this.again = again;
    }

    static DtlsProgram server(Speech speech, IntFunction<List<String>> command) throws InterruptedException {
        DtlsProgram program = new DtlsProgram(speech, List.of());
        ListeningProgram listening =
                ListeningProgram.onFreeUdpPort(port -> lineBuffered(command.apply(port)), program::line);
        program.process = listening.process();
        program.address = new InetSocketAddress("127.0.0.1", listening.port());
        return program;
    }

    /** Starts a client; the second command is the one that makes it resume. */
    static DtlsProgram client(Speech speech, List<String> command, List<String> again) {
        DtlsProgram program = new DtlsProgram(speech, again);
        program.start(command);
        return program;
    }

    private void start(List<String> command) {
        process = PeerProcess.start(lineBuffered(command), this::line);
    }

    /** Otherwise some would keep to themselves what they have to say, until they exit. */
    private static List<String> lineBuffered(List<String> command) {
        List<String> whole = new ArrayList<>(List.of("stdbuf", "-oL"));
        whole.addAll(command);
        return whole;
    }

    private void line(String line) {
        if (speech.closeNotify().matcher(line).find()) {
            closeNotifies.incrementAndGet();
            unreadCloseNotifies.add(line);
        } else if (speech.handshake().matcher(line).find()) {
            handshakes.add(speech.resumed().matcher(line).find());
        } else {
            lines.add(line);
        }
    }

    @Override
    public Set<DtlsFeature> features() {
        return speech.features();
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public boolean awaitHandshake() throws InterruptedException {
        return next(handshakes, "a handshake");
    }

    @Override
    public void send(String line) {
        require(DtlsFeature.SENDS);
        process.send(line + '\n');
    }

    @Override
    public void awaitReceived(String line) throws InterruptedException {
        require(DtlsFeature.TELLS_DATA);
        Pattern told = Pattern.compile(speech.dataPrefix() + Pattern.quote(line));
        while (!told.matcher(next(lines, line)).matches()) {
            // Something else it had to say.
        }
    }

    @Override
    public void closeFirst() {
        require(DtlsFeature.CLOSES_FIRST);
        speech.close().accept(process);
    }

    @Override
    public void awaitCloseNotify() throws InterruptedException {
        next(unreadCloseNotifies, "close_notify");
    }

    @Override
    public int closeNotifies() {
        return closeNotifies.get();
    }

    @Override
    public void reconnect() {
        if (!can(DtlsFeature.RESUMES_ITSELF)) {
            require(DtlsFeature.RESUMES);
        }
        process.close();
        start(again);
    }

    @Override
    public String output() {
        return process.output();
    }

    @Override
    public void close() {
        process.close();
    }
}

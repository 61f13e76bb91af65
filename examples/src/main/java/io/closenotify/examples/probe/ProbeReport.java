package io.closenotify.examples.probe;

import io.closenotify.Protocol;
import io.closenotify.examples.probe.Verdict.Grade;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How one peer closes.
 *
 * @param target HOST:PORT as it was given
 * @param protocol what it was audited by
 * @param negotiated version, cipher suite and application protocol, for people; empty if no connection came about
 * @param started when the audit began
 * @param elapsed how long it took
 * @param verdicts the answers, in the order of the questions
 * @param exchanges the connections made, in their order
 * @param failure why the audit could not be made, or {@code null}
 */
public record ProbeReport(String target, Protocol protocol, String negotiated, Instant started, Duration elapsed,
        List<Verdict> verdicts, List<Exchange> exchanges, @Nullable String failure) {

    /**
     * Names a peer as it has to be given.
     *
     * @param host a name or an address, without brackets
     * @param port of the peer
     * @return HOST:PORT, an IPv6 address in brackets
     */
    public static String target(String host, int port) {
        return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + port;
    }

    /** Whether the audit was made and found nothing bad. */
    public boolean safe() {
        return failure == null && verdicts.stream().noneMatch(verdict -> verdict.grade() == Grade.BAD);
    }
}

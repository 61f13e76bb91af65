package io.closenotify.testkit;

/**
 * Something that a {@link ScriptedTlsPeer} saw. Events are equal if they tell the same, so that lists of them can be
 * compared:
 *
 * <pre>{@code
 * assertThat(peer.report().get().events())
 *         .containsExactly(new Handshake(), new Data(5), new CloseNotify(), new Fin());
 * }</pre>
 */
public sealed interface PeerEvent {

    /** The handshake is complete. */
    record Handshake() implements PeerEvent {
    }

    /**
     * Application data arrived. What arrives without another event in between is one event.
     *
     * @param bytes how many, decrypted
     */
    record Data(long bytes) implements PeerEvent {
    }

    /** The close_notify of the other side arrived. */
    record CloseNotify() implements PeerEvent {
    }

    /**
     * A fatal alert of the other side arrived.
     *
     * @param description its name in the RFC, such as {@code bad_record_mac}
     */
    record FatalAlert(String description) implements PeerEvent {
    }

    /** A record arrived that could not be decrypted, or what arrived was no TLS. */
    record UnreadableRecord() implements PeerEvent {
    }

    /**
     * Bytes arrived behind the close_notify or fatal alert of the other side: it should have sent none (RFC 8446,
     * section 6.1), unless it went on in plaintext.
     *
     * @param bytes how many, as they were on the wire
     */
    record AfterTls(long bytes) implements PeerEvent {
    }

    /** The input of TCP ended in good order. */
    record Fin() implements PeerEvent {
    }

    /** TCP was reset. */
    record Reset() implements PeerEvent {
    }
}

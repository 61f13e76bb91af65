package io.closenotify.quic;

/**
 * The peer closed the connection. Goes through the pipeline of the {@code QuicChannel} when its CONNECTION_CLOSE has
 * arrived, behind all data that arrived before it. Writes and new streams fail from then on (RFC 9000, section 10.2.2).
 *
 * @param close what the peer said
 */
public record QuicPeerCloseEvent(QuicConnectionClose close) {
}

package io.closenotify.testkit;

/**
 * What a {@link UdpFaultRelay} did in one direction so far, all clients together.
 *
 * <p>{@code received + duplicated = forwarded + dropped +} what is still delayed or held.
 *
 * @param received what arrived from the sender
 * @param forwarded what was sent to the receiver, second copies included
 * @param dropped what was lost, by a rule, by a rate or because the socket refused it
 * @param duplicated the second copies
 * @param injected what {@link UdpFaultRelay#send} and {@link UdpFaultRelay#sendFromOtherAddress} sent; not in any
 *         other
 */
public record DatagramCounts(Traffic received, Traffic forwarded, Traffic dropped, Traffic duplicated,
        Traffic injected) {

    /**
     * A number of datagrams.
     *
     * @param datagrams how many
     * @param bytes the sum of their payloads
     */
    public record Traffic(long datagrams, long bytes) {

        static final Traffic NONE = new Traffic(0, 0);

        Traffic plus(byte[] datagram) {
            return new Traffic(datagrams + 1, bytes + datagram.length);
        }
    }
}

package io.closenotify.testkit;

import io.closenotify.testkit.DatagramRule.Verdict;
import java.net.InetSocketAddress;

/**
 * A datagram that a {@link UdpFaultRelay} has forwarded or dropped. Compare the payloads, not the records: an array
 * is equal only to itself.
 *
 * @param direction where it went
 * @param client the client that it came from or went to
 * @param verdict {@link Verdict#DROP} if it was lost, for whatever reason; else how it passed. Two records say
 *         {@link Verdict#DUPLICATE}, one for each copy
 * @param bytes the payload
 * @param nanoTime {@link System#nanoTime} when it was sent or dropped
 */
@SuppressWarnings("ArrayRecordComponent")
public record RelayedDatagram(Direction direction, InetSocketAddress client, Verdict verdict, byte[] bytes,
        long nanoTime) {
}

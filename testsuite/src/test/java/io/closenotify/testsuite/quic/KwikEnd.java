package io.closenotify.testsuite.quic;

import tech.kwik.core.ConnectionTerminatedEvent.CloseReason;

/**
 * How a connection of kwik's ended: by a close of either side, a timeout, a stateless reset, or because probes went
 * unanswered.
 *
 * @param close the peer's frame as it came if the peer closed; else the code that kwik closed with, with the
 *     description it gives of it; null if nobody closed
 */
record KwikEnd(CloseReason cause, boolean closedByPeer, CloseFrame close) {
}

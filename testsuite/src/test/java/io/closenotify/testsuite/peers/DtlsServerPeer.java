package io.closenotify.testsuite.peers;

import java.net.InetSocketAddress;

/** A DTLS server that listens. What it sends unasked, its close_notify included, goes to the last client. */
interface DtlsServerPeer extends DtlsPeer {

    InetSocketAddress address();
}

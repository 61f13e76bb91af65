package io.closenotify.testsuite.peers;

/** A DTLS client that connects, to one server. */
interface DtlsClientPeer extends DtlsPeer {

    /** Waits for the next handshake that it completes, and tells whether that resumed a session. */
    boolean awaitHandshake() throws InterruptedException;

    /**
     * Ends what is left of the last connection without another word, and connects again with its session. One that
     * {@link DtlsFeature#RESUMES_ITSELF} makes two connections: it closes the first one at once, and resumes it by the
     * second.
     */
    void reconnect();
}

package io.closenotify.testsuite.peers;

/** What a DTLS peer can do. What it cannot do it refuses by {@link UnsupportedOperationException}. */
enum DtlsFeature {

    // Both roles

    /** Sends a line when told to. */
    SENDS,
    /** Tells what it has received. */
    TELLS_DATA,
    /** Sends close_notify when told to. */
    CLOSES_FIRST,
    /** Having closed first, tells of the close_notify that came in answer. */
    TELLS_ANSWER,
    /** Answers a close_notify by its own. */
    ANSWERS,
    /** Resumes a session by its id when asked to. */
    RESUMES,
    /** A lost flight of its own or of the other side is sent again, whichever it is. */
    SURVIVES_LOSS,

    // Servers

    /** Sends every line back. */
    ECHOES,
    /** Sends a session ticket to a client that offers to take it. */
    SENDS_TICKETS,
    /** Serves one client after the other. */
    SERVES_IN_TURN,
    /** Serves clients at the same time. */
    SERVES_AT_ONCE,

    // Clients

    /** Shakes hands before there is anything to send. */
    CONNECTS_WITHOUT_DATA,
    /** Cannot be told not to offer to take session tickets. */
    INSISTS_ON_TICKETS,
    /** Resumes only a connection that it makes, and closes, itself right before. */
    RESUMES_ITSELF,
    /** Bears the last flight of a server that comes twice, as from a JDK engine. */
    BEARS_DOUBLED_FLIGHT
}

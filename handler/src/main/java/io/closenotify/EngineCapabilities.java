package io.closenotify;

/**
 * What a TLS or DTLS engine can do about the end of a connection, and what it cannot. Nothing is downgraded silently:
 * what is {@code false} here is missing, and {@code docs/engines.md} says what that means.
 *
 * @param engine the engine's name: {@code JDK} or {@code BoringSSL}
 * @param answersAfterApplication the answer to the peer's close_notify follows whatever the application wrote while it
 *     handled the data before it. Where {@code false} (TLS 1.2 on the JDK engine; BoringSSL where its engine class is
 *     not open to reflection) the engine answers by itself, at once: what the application had not flushed by then fails
 * @param defersAnswer {@link PeerClosePolicy#DEFER} works: the application may go on writing after the
 *     peer's close_notify. Where {@code false} it is treated as {@code RESPOND}; over DTLS the engine writes nothing
 *     behind the peer's close_notify
 * @param authenticatesBeforeAnswer the peer's close_notify is known to be one before it is answered; see
 *     {@link PeerCloseNotifyEvent#authenticated()}
 * @param keepsTransport {@link TransportPolicy#KEEP} works. It needs a handler that was built for it
 *     ({@code keepable(true)}) and was there before the handshake
 * @param alertsDuringHandshake a peer is told by an alert that the handshake was given up; otherwise it sees the
 *     transport close
 * @param readsTicketsAfterCloseNotify session tickets that arrive after our close_notify are still taken; otherwise a
 *     client that has read nothing waits for them first ({@link ShutdownPolicy#ticketTimeout()})
 */
public record EngineCapabilities(
        String engine,
        boolean answersAfterApplication,
        boolean defersAnswer,
        boolean authenticatesBeforeAnswer,
        boolean keepsTransport,
        boolean alertsDuringHandshake,
        boolean readsTicketsAfterCloseNotify) {
}

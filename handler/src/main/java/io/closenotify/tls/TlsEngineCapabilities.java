package io.closenotify.tls;

/**
 * What a TLS engine can do about the end of a connection, and what it cannot. Nothing is downgraded silently: what is
 * {@code false} here is missing, and README's table says what that means.
 *
 * @param engine the engine's name: {@code JDK} or {@code BoringSSL}
 * @param answersAfterApplication the answer to the peer's close_notify follows whatever the application wrote while it
 *     handled the data before it. Where {@code false} (TLS 1.2 on the JDK engine; BoringSSL where its engine class is
 *     not open to reflection) the engine answers by itself, at once: what the application had not flushed by then fails
 * @param alertsDuringHandshake a peer is told by an alert that the handshake was given up; otherwise it sees the
 *     transport close
 * @param readsTicketsAfterCloseNotify session tickets that arrive after our close_notify are still taken
 */
public record TlsEngineCapabilities(
        String engine,
        boolean answersAfterApplication,
        boolean alertsDuringHandshake,
        boolean readsTicketsAfterCloseNotify) {
}

package io.closenotify.testkit;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link ScriptedTlsPeer} saw of one connection while it played its script. What arrives when the script is
 * over is not in it: end the script with {@link TlsScript#awaitEnd} to see all. Compare the data, not the reports:
 * an array is equal only to itself.
 *
 * @param protocol the version, such as {@code TLSv1.3}; {@code null} if there was no handshake
 * @param events what it saw, in that order
 * @param received the application data, decrypted
 */
@SuppressWarnings("ArrayRecordComponent")
public record PeerReport(@Nullable String protocol, List<PeerEvent> events, byte[] received) {

    /**
     * Returns the application data as text.
     *
     * @return the data, as UTF-8
     */
    public String text() {
        return new String(received, StandardCharsets.UTF_8);
    }
}

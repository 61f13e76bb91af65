package io.closenotify.examples.probe.quic;

import io.netty.buffer.ByteBufUtil;
import io.netty.incubator.codec.quic.BoringSSLKeylog;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;

/** The traffic secrets of one connection, which the TLS of the codec tells. */
final class KeyLog implements BoringSSLKeylog {

    static final String OURS = "CLIENT_TRAFFIC_SECRET_0";
    static final String PEERS = "SERVER_TRAFFIC_SECRET_0";

    private final Map<String, byte[]> secrets = new ConcurrentHashMap<>();
    private final Map<String, PacketKeys> keys = new ConcurrentHashMap<>();
    private volatile @Nullable SSLEngine engine;

    @Override
    public void logKey(SSLEngine told, String line) {
        // LABEL, the client's random, the secret.
        String[] words = line.split(" ", -1);
        if (words.length == 3) {
            secrets.put(words[0], ByteBufUtil.decodeHexDump(words[2]));
            engine = told;
        }
    }

    /** The keys of a secret, or {@code null} before the handshake has come so far that packets made with them count. */
    @Nullable PacketKeys keys(String label) {
        byte[] secret = secrets.get(label);
        SSLEngine own = engine;
        // The codec tells the cipher suite when the handshake is done, behind the secrets.
        String suite = own == null ? null : own.getSession().getCipherSuite();
        if (secret == null || suite == null || !suite.startsWith("TLS_")) {
            return null;
        }
        return keys.computeIfAbsent(label, unused -> new PacketKeys(secret, suite));
    }
}

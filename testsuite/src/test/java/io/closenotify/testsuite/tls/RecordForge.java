package io.closenotify.testsuite.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.internal.tcnative.SSL;
import io.netty.internal.tcnative.SSLContext;
import java.lang.invoke.MethodHandles;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts records that no engine would send, in the name of a BoringSSL peer with AES-128-GCM and SHA-256, whose own
 * secrets it uses (RFC 5246, sections 5 and 6.3; RFC 8446, sections 5.2 and 7). From then on that peer must not write.
 */
final class RecordForge {

    static final String CIPHER_TLS12 = "ECDHE-RSA-AES128-GCM-SHA256";
    static final String CIPHER_TLS13 = "TLS_AES_128_GCM_SHA256";
    static final int ALERT = 21;
    static final int APPLICATION_DATA = 23;

    private static final Map<String, byte[]> TRAFFIC_SECRETS = new ConcurrentHashMap<>();

    private final boolean tls13;
    private final byte[] key;
    private final byte[] iv;
    private long sequence;

    private RecordForge(boolean tls13, byte[] key, byte[] iv, long sequence) {
        this.tls13 = tls13;
        this.key = key;
        this.iv = iv;
        this.sequence = sequence;
    }

    /** Keeps the traffic secrets of TLS 1.3; to be called before the handshake. */
    static void logSecrets(SslContext context) {
        SSLContext.setKeyLogCallback(pointerOf(context), (ssl, line) -> {
            String[] fields = new String(line, StandardCharsets.US_ASCII).split(" ");
            TRAFFIC_SECRETS.put(fields[0], HexFormat.of().parseHex(fields[2].trim()));
        });
    }

    /** tcnative's own context, of which the public methods give only OpenSSL's part. */
    private static long pointerOf(SslContext context) {
        try {
            return (long) MethodHandles.privateLookupIn(ReferenceCountedOpenSslContext.class, MethodHandles.lookup())
                    .findVarHandle(ReferenceCountedOpenSslContext.class, "ctx", long.class)
                    .get((ReferenceCountedOpenSslContext) context);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** After the handshake, before the peer has written anything else. */
    static RecordForge of(SslHandler peer, boolean client, boolean tls13) {
        if (tls13) {
            byte[] secret = TRAFFIC_SECRETS.get((client ? "CLIENT" : "SERVER") + "_TRAFFIC_SECRET_0");
            return new RecordForge(true, expandLabel(secret, "key", 16), expandLabel(secret, "iv", 12), 0);
        }
        long pointer = ((ReferenceCountedOpenSslEngine) peer.engine()).sslPointer();
        byte[] block = prf(SSL.getMasterKey(pointer), "key expansion",
                concat(SSL.getServerRandom(pointer), SSL.getClientRandom(pointer)), 2 * 16 + 2 * 4);
        int index = client ? 0 : 1;
        // Sequence number 0 went to Finished.
        return new RecordForge(false, Arrays.copyOfRange(block, 16 * index, 16 * index + 16),
                Arrays.copyOfRange(block, 32 + 4 * index, 36 + 4 * index), 1);
    }

    ByteBuf record(int type, byte... content) {
        try {
            return tls13 ? record13(type, content) : record12(type, content);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private ByteBuf record12(int type, byte[] content) throws GeneralSecurityException {
        byte[] explicit = ByteBuffer.allocate(8).putLong(sequence).array();
        byte[] additional = ByteBuffer.allocate(13).putLong(sequence++).put((byte) type).putShort((short) 0x0303)
                .putShort((short) content.length).array();
        byte[] sealed = seal(concat(iv, explicit), additional, content);
        return Unpooled.buffer().writeByte(type).writeShort(0x0303).writeShort(8 + sealed.length)
                .writeBytes(explicit).writeBytes(sealed);
    }

    private ByteBuf record13(int type, byte[] content) throws GeneralSecurityException {
        byte[] inner = concat(content, new byte[] {(byte) type});
        byte[] nonce = iv.clone();
        for (int i = 0; i < 8; i++) {
            nonce[nonce.length - 1 - i] ^= (byte) (sequence >>> (8 * i));
        }
        sequence++;
        byte[] header = ByteBuffer.allocate(5).put((byte) APPLICATION_DATA).putShort((short) 0x0303)
                .putShort((short) (inner.length + 16)).array();
        return Unpooled.wrappedBuffer(header, seal(nonce, header, inner));
    }

    private byte[] seal(byte[] nonce, byte[] additional, byte[] content) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
        cipher.updateAAD(additional);
        return cipher.doFinal(content);
    }

    private static byte[] prf(byte[] secret, String label, byte[] seed, int length) {
        byte[] labelAndSeed = concat(label.getBytes(StandardCharsets.US_ASCII), seed);
        byte[] output = new byte[0];
        for (byte[] a = hmac(secret, labelAndSeed); output.length < length; a = hmac(secret, a)) {
            output = concat(output, hmac(secret, concat(a, labelAndSeed)));
        }
        return Arrays.copyOf(output, length);
    }

    private static byte[] expandLabel(byte[] secret, String label, int length) {
        byte[] full = ("tls13 " + label).getBytes(StandardCharsets.US_ASCII);
        byte[] info = ByteBuffer.allocate(4 + full.length + 1).putShort((short) length).put((byte) full.length)
                .put(full).put((byte) 0).put((byte) 1).array();
        return Arrays.copyOf(hmac(secret, info), length);
    }

    private static byte[] hmac(byte[] key, byte[] data) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(data);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}

package io.closenotify.examples.probe.quic;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.ChaCha20ParameterSpec;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA384Digest;
import org.bouncycastle.crypto.generators.HKDFBytesGenerator;
import org.bouncycastle.crypto.params.HKDFParameters;
import org.jspecify.annotations.Nullable;

/**
 * The keys of the packets with short headers that one side sends.
 *
 * <p><b>Specification:</b> RFC 9001, section 5. Without key updates (section 6).
 */
final class PacketKeys {

    private static final int TAG = 16;
    private static final int NONCE = 12;
    private static final int SAMPLE = 16;

    /** What we send has packet numbers of four bytes, so that none is too short. */
    private static final int NUMBER = 4;

    private final boolean chaCha;
    private final SecretKeySpec key;
    private final byte[] iv;
    private final SecretKeySpec headerKey;

    /**
     * Derives the keys.
     *
     * @param secret the traffic secret; its length tells the hash
     * @param suite the cipher suite by its name in TLS
     */
    PacketKeys(byte[] secret, String suite) {
        chaCha = suite.contains("CHACHA20");
        int length = chaCha || suite.contains("AES_256") ? 32 : 16;
        String algorithm = chaCha ? "ChaCha20" : "AES";
        key = new SecretKeySpec(expand(secret, "quic key", length), algorithm);
        iv = expand(secret, "quic iv", NONCE);
        headerKey = new SecretKeySpec(expand(secret, "quic hp", length), algorithm);
    }

    /** HKDF-Expand-Label of RFC 8446, section 7.1, without a context. */
    private static byte[] expand(byte[] secret, String label, int length) {
        byte[] name = ("tls13 " + label).getBytes(StandardCharsets.US_ASCII);
        byte[] info = Unpooled.buffer().writeShort(length).writeByte(name.length).writeBytes(name).writeByte(0).array();
        HKDFBytesGenerator generator =
                new HKDFBytesGenerator(secret.length == 48 ? new SHA384Digest() : new SHA256Digest());
        generator.init(HKDFParameters.skipExtractParameters(secret, Arrays.copyOf(info, 4 + name.length)));
        byte[] out = new byte[length];
        generator.generateBytes(out, 0, length);
        return out;
    }

    /**
     * What a packet holds.
     *
     * @param number its number
     * @param payload its frames
     */
    record Opened(long number, ByteBuf payload) {
    }

    /**
     * Decrypts a packet with a short header.
     *
     * @param packet up to its end
     * @param idLength the length of its destination connection id
     * @param largest the largest packet number so far, -1 if there is none
     * @return {@code null} if it was not made with these keys
     */
    @Nullable Opened open(byte[] packet, int idLength, long largest) {
        int at = 1 + idLength;
        if (packet.length < at + NUMBER + TAG) {
            return null;
        }
        try {
            byte[] mask = mask(packet, at + NUMBER);
            byte[] plain = packet.clone();
            plain[0] ^= (byte) (mask[0] & 0x1f);
            int length = (plain[0] & 0x03) + 1;
            long truncated = 0;
            for (int i = 0; i < length; i++) {
                plain[at + i] ^= mask[1 + i];
                truncated = truncated << 8 | (plain[at + i] & 0xff);
            }
            long number = number(truncated, length, largest);
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, number);
            cipher.updateAAD(plain, 0, at + length);
            return new Opened(number,
                    Unpooled.wrappedBuffer(cipher.doFinal(plain, at + length, plain.length - at - length)));
        } catch (GeneralSecurityException e) {
            return null;
        }
    }

    /** Makes a packet with a short header, of the first key phase. */
    byte[] seal(byte[] id, long number, byte[] payload) {
        int at = 1 + id.length;
        byte[] header = Unpooled.buffer(at + NUMBER).writeByte(0x40 | (NUMBER - 1)).writeBytes(id)
                .writeInt((int) number).array();
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, number);
            cipher.updateAAD(header);
            byte[] packet = Arrays.copyOf(header, header.length + payload.length + TAG);
            cipher.doFinal(payload, 0, payload.length, packet, header.length);
            byte[] mask = mask(packet, at + NUMBER);
            packet[0] ^= (byte) (mask[0] & 0x1f);
            for (int i = 0; i < NUMBER; i++) {
                packet[at + i] ^= mask[1 + i];
            }
            return packet;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Cipher cipher(int mode, long number) throws GeneralSecurityException {
        byte[] nonce = iv.clone();
        for (int i = 0; i < Long.BYTES; i++) {
            nonce[NONCE - 1 - i] ^= (byte) (number >> (8 * i));
        }
        Cipher cipher = Cipher.getInstance(chaCha ? "ChaCha20-Poly1305" : "AES/GCM/NoPadding");
        cipher.init(mode, key, chaCha ? new IvParameterSpec(nonce) : new GCMParameterSpec(8 * TAG, nonce));
        return cipher;
    }

    /** RFC 9001, sections 5.4.3 and 5.4.4. */
    private byte[] mask(byte[] packet, int sampleAt) throws GeneralSecurityException {
        byte[] sample = Arrays.copyOfRange(packet, sampleAt, sampleAt + SAMPLE);
        if (!chaCha) {
            Cipher block = Cipher.getInstance("AES/ECB/NoPadding");
            block.init(Cipher.ENCRYPT_MODE, headerKey);
            return block.doFinal(sample);
        }
        Cipher stream = Cipher.getInstance("ChaCha20");
        stream.init(Cipher.ENCRYPT_MODE, headerKey, new ChaCha20ParameterSpec(
                Arrays.copyOfRange(sample, 4, SAMPLE), Unpooled.wrappedBuffer(sample).getIntLE(0)));
        return stream.doFinal(new byte[5]);
    }

    /** RFC 9000, appendix A.3. */
    static long number(long truncated, int bytes, long largest) {
        long expected = largest + 1;
        long window = 1L << (8 * bytes);
        long candidate = (expected & -window) | truncated;
        if (candidate <= expected - window / 2) {
            return candidate + window;
        }
        return candidate > expected + window / 2 && candidate >= window ? candidate - window : candidate;
    }
}

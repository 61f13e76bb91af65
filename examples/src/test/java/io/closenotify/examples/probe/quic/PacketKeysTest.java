package io.closenotify.examples.probe.quic;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.examples.probe.quic.PacketKeys.Opened;
import io.netty.buffer.ByteBufUtil;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The samples of RFC 9001, appendix A, and RFC 9000, appendix A.3. */
final class PacketKeysTest {

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    private static void assertHolds(Opened opened, long number, String payload) {
        assertThat(opened).isNotNull();
        assertThat(opened.number()).isEqualTo(number);
        assertThat(ByteBufUtil.hexDump(opened.payload())).isEqualTo(payload);
    }

    /** Appendix A.5. */
    @Test
    void the_packet_of_chacha20_is_opened() {
        PacketKeys keys = new PacketKeys(hex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b"),
                "TLS_CHACHA20_POLY1305_SHA256");
        byte[] packet = hex("4cfe4189655e5cd55c41f69080575d7999c25a5bfb");

        assertHolds(keys.open(packet, 0, 654_360_563), 654_360_564, "01");
        packet[packet.length - 1] ^= 1;
        assertThat(keys.open(packet, 0, 654_360_563)).isNull();
    }

    /** The keys of appendix A.1, which are derived here, and used by the book there. */
    @Test
    void a_packet_made_with_the_keys_of_aes_is_opened() throws Exception {
        byte[] header = hex("41" + "0102030405060708" + "0102");
        byte[] nonce = hex("fa044b2f42a3fd3b46fb255c");
        nonce[10] ^= 0x01;
        nonce[11] ^= 0x02;
        Cipher payload = Cipher.getInstance("AES/GCM/NoPadding");
        payload.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(hex("1f369613dd76d5467730efcbe3b1a22d"), "AES"),
                new GCMParameterSpec(128, nonce));
        payload.updateAAD(header);
        byte[] sealed = payload.doFinal(hex("0100000000"));
        Cipher mask = Cipher.getInstance("AES/ECB/NoPadding");
        mask.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(hex("9f50449e04a0e810283a1e9933adedd2"), "AES"));
        byte[] bits = mask.doFinal(sealed, 2, 16);
        header[0] ^= (byte) (bits[0] & 0x1f);
        header[9] ^= bits[1];
        header[10] ^= bits[2];

        PacketKeys keys = new PacketKeys(hex("c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea"),
                "TLS_AES_128_GCM_SHA256");
        assertHolds(keys.open(hex(HexFormat.of().formatHex(header) + HexFormat.of().formatHex(sealed)), 8, 0x100),
                0x102, "0100000000");
    }

    @ParameterizedTest
    @CsvSource({"TLS_AES_128_GCM_SHA256, 32", "TLS_AES_256_GCM_SHA384, 48", "TLS_CHACHA20_POLY1305_SHA256, 32"})
    void what_is_sealed_is_opened(String suite, int secret) {
        PacketKeys keys = new PacketKeys(new byte[secret], suite);

        byte[] packet = keys.seal(hex("01020304"), 0x1_2345_6789L, hex("0102030405"));

        assertHolds(keys.open(packet, 4, 0x1_2345_6788L), 0x1_2345_6789L, "0102030405");
    }

    @ParameterizedTest
    @CsvSource({"0x9b32, 2, 0xa82f30ea, 0xa82f9b32", "0, 1, -1, 0", "0x00, 1, 0xff, 0x100", "0xff, 1, 0x100, 0xff"})
    void a_number_is_the_nearest_to_the_one_expected(String truncated, int bytes, String largest, String number) {
        assertThat(PacketKeys.number(Long.decode(truncated), bytes, Long.decode(largest)))
                .isEqualTo(Long.decode(number));
    }
}

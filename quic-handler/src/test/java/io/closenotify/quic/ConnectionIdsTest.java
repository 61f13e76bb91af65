package io.closenotify.quic;

import static io.closenotify.quic.QuicBytes.bytes;
import static io.closenotify.quic.QuicBytes.join;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectionIdsTest {

    private static final byte[] ID = {1, 2, 3, 4, 5, 6, 7, 8};

    private final ConnectionIds ids = new ConnectionIds();

    @BeforeEach
    void our_ids_have_eight_bytes() {
        ids.ownLength(ID.length);
    }

    private static ByteBuf datagram(byte[]... parts) {
        return Unpooled.wrappedBuffer(join(parts));
    }

    private long key(byte[] id) {
        return ids.keys(List.of(ByteBuffer.wrap(id)))[0];
    }

    @Test
    void the_id_is_found_behind_a_short_header() {
        assertThat(ids.destinationKey(datagram(bytes(0x41), ID, bytes(9, 9, 9)))).isEqualTo(key(ID));
        assertThat(ids.destinationKey(datagram(bytes(0x41), ID))).as("and nothing behind it").isEqualTo(key(ID));
    }

    @Test
    void the_id_is_found_behind_a_long_header_whatever_its_length() {
        assertThat(ids.destinationKey(datagram(bytes(0xc0, 0, 0, 0, 1, 8), ID, bytes(0, 0)))).isEqualTo(key(ID));
        byte[] twenty = new byte[20];
        assertThat(ids.destinationKey(datagram(bytes(0xc0, 0, 0, 0, 1, 20), twenty))).isEqualTo(key(twenty));
        // RFC 8999, section 5.1: another version may have longer ones.
        byte[] longest = new byte[255];
        assertThat(ids.destinationKey(datagram(bytes(0xc0, 9, 9, 9, 9, 255), longest))).isEqualTo(key(longest));
    }

    @Test
    void a_datagram_without_an_id_has_no_key() {
        assertThat(ids.destinationKey(datagram())).isZero();
        assertThat(ids.destinationKey(datagram(bytes(0x41)))).isZero();
        assertThat(ids.destinationKey(datagram(bytes(0x41), new byte[7]))).isZero();
        assertThat(ids.destinationKey(datagram(bytes(0xc0, 0, 0, 0, 1)))).isZero();
        assertThat(ids.destinationKey(datagram(bytes(0xc0, 0, 0, 0, 1, 8), new byte[7]))).isZero();
        assertThat(ids.destinationKey(datagram(bytes(0xc0, 0, 0, 0, 1, 255), new byte[254]))).isZero();
        assertThat(new ConnectionIds().destinationKey(datagram(bytes(0x41), ID)))
                .as("as long as the length of our ids is not known").isZero();
    }

    @Test
    void no_datagram_is_read_beyond_its_end() {
        SplittableRandom random = new SplittableRandom(3);
        for (int run = 0; run < 100_000; run++) {
            byte[] bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            ByteBuf datagram = Unpooled.wrappedBuffer(bytes);
            ids.destinationKey(datagram);
            assertThat(datagram.readerIndex()).isZero();
        }
    }

    @Test
    void a_datagram_may_start_anywhere_in_its_buffer() {
        ByteBuf datagram = datagram(new byte[13], bytes(0x41), ID, bytes(9)).readerIndex(13);
        assertThat(ids.destinationKey(datagram)).isEqualTo(key(ID));
        ByteBuffer inTheMiddle = ByteBuffer.wrap(join(new byte[3], ID, new byte[3]), 3, ID.length);
        assertThat(ids.keys(List.of(inTheMiddle))).containsExactly(key(ID));
        assertThat(inTheMiddle.remaining()).as("left as it was").isEqualTo(ID.length);
    }

    @Test
    void forged_ids_do_not_collide() {
        // All that differ from one another in the first and the last byte, or in their length.
        Set<Long> keys = new HashSet<>();
        for (int first = 0; first < 256; first++) {
            for (int last = 0; last < 256; last++) {
                byte[] id = ID.clone();
                id[0] = (byte) first;
                id[ID.length - 1] = (byte) last;
                keys.add(key(id));
            }
        }
        assertThat(keys).hasSize(1 << 16);
        for (int length = 0; length <= 255; length++) {
            keys.add(key(new byte[length]));
        }
        assertThat(keys).hasSize((1 << 16) + 256);
        SplittableRandom random = new SplittableRandom(11);
        for (int run = 0; run < 200_000; run++) {
            byte[] id = new byte[20];
            random.nextBytes(id);
            keys.add(key(id));
        }
        assertThat(keys).hasSize((1 << 16) + 256 + 200_000);
    }

    @Test
    void the_keys_of_one_socket_tell_nothing_of_those_of_another() {
        assertThat(new ConnectionIds().keys(List.of(ByteBuffer.wrap(ID)))[0]).isNotEqualTo(key(ID));
    }

    @Test
    void a_packet_is_known_to_be_addressed_to_a_peer() {
        byte[] other = {1, 2, 3, 4, 5, 6, 7, 9};
        assertThat(ConnectionIds.isAddressedTo(datagram(bytes(0x41), ID, bytes(7)), 0, ID)).isTrue();
        assertThat(ConnectionIds.isAddressedTo(datagram(bytes(0x41), other, bytes(7)), 0, ID)).isFalse();
        assertThat(ConnectionIds.isAddressedTo(datagram(bytes(0xc0, 0, 0, 0, 1, 8), ID), 0, ID)).isTrue();
        assertThat(ConnectionIds.isAddressedTo(datagram(bytes(0xc0, 0, 0, 0, 1, 8), other), 0, ID)).isFalse();
        assertThat(ConnectionIds.isAddressedTo(datagram(bytes(0xc0, 0, 0, 0, 1, 9), ID, bytes(7)), 0, ID))
                .as("of another length").isFalse();
        assertThat(ConnectionIds.isAddressedTo(datagram(bytes(0x41), new byte[4]), 0, ID)).as("too short").isFalse();
        assertThat(ConnectionIds.isAddressedTo(datagram(new byte[20], bytes(0x41), ID), 20, ID))
                .as("the last of several").isTrue();
        assertThat(ConnectionIds.isAddressedTo(datagram(bytes(0x41, 7)), 0, new byte[0]))
                .as("a peer without ids").isTrue();
    }
}

package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientHelloTest {

    private static final byte[] COOKIE = {1, 2, 3, 4, 5};

    private final byte[] first;
    private final byte[] second;

    ClientHelloTest() throws SSLException {
        EngineByHand client = EngineByHand.client(DtlsContexts.context());
        first = client.wrap();
        client.unwrap(ClientHello.parse(Unpooled.wrappedBuffer(first)).helloVerifyRequest(COOKIE));
        second = client.wrap();
    }

    private static ClientHello parse(byte[] datagram) {
        return ClientHello.parse(Unpooled.wrappedBuffer(datagram));
    }

    @Test
    void a_client_takes_the_request_and_says_its_hello_with_the_cookie() {
        assertThat(parse(first).hasCookie()).isFalse();
        assertThat(parse(first).messageSequence()).isZero();
        assertThat(parse(second).cookie()).isEqualTo(COOKIE);
        assertThat(parse(second).messageSequence()).isOne();
        assertThat(parse(second).recordSequence()).isOne();
        assertThat(parse(second).hasRandom(parse(first).random())).isTrue();
    }

    @Test
    void without_its_cookie_it_is_the_first_one_again() {
        assertThat(parse(second).withoutCookie(0, true)).isEqualTo(first);
        assertThat(parse(first).withoutCookie(0, true)).isEqualTo(first);
    }

    @Test
    void without_its_session_it_is_a_hello_still() {
        byte[] withSession = withSession(first);
        ClientHello hello = parse(withSession);

        assertThat(hello.withoutCookie(0, true)).isEqualTo(withSession);
        assertThat(hello.withoutCookie(0, false)).isEqualTo(first);
    }

    private static byte[] withSession(byte[] hello) {
        byte[] longer = new byte[hello.length + 32];
        System.arraycopy(hello, 0, longer, 0, 59);
        longer[59] = 32;
        Arrays.fill(longer, 60, 92, (byte) 7);
        System.arraycopy(hello, 60, longer, 92, hello.length - 60);
        ByteBuffer.wrap(longer).putShort(11, (short) (longer.length - 13)).putInt(13, 1 << 24 | longer.length - 25)
                .putShort(23, (short) (longer.length - 25));
        return longer;
    }

    @Test
    void sequence_numbers_of_a_request_are_those_of_the_hello() {
        byte[] late = first.clone();
        ByteBuffer.wrap(late).putShort(5, (short) 0x1234).putInt(7, 0x56789abc).putShort(17, (short) 2);

        byte[] request = parse(late).helloVerifyRequest(COOKIE);

        assertThat(ByteBuffer.wrap(request).getLong(3)).isEqualTo(0x123456789abcL);
        assertThat(ByteBuffer.wrap(request).getShort(17)).isEqualTo((short) 2);
        assertThat(ClientHello.cookieOfRequest(ByteBuffer.wrap(request))).isEqualTo(COOKIE);
    }

    @Test
    void another_message_is_no_request() throws SSLException {
        assertThat(ClientHello.cookieOfRequest(ByteBuffer.wrap(first))).isNull();
        assertThat(ClientHello.cookieOfRequest(ByteBuffer.allocate(0))).isNull();
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            0,  23, another content type
            1,  3,  TLS
            2,  0,  another version
            4,  1,  another epoch
            12, 1,  another length of the record
            13, 2,  another message
            16, 9,  another length of the message
            21, 1,  a fragment's offset
            24, 9,  a fragment's length
            26, 0,  another version of the client
            59, 33, a session id that is too long
            """)
    void anything_else_is_none(int index, int value, String what) {
        byte[] other = first.clone();
        other[index] = (byte) value;

        assertThat(parse(other)).as(what).isNull();
    }

    @Test
    void cut_anywhere_it_is_none_even_if_its_lengths_say_so() {
        for (int length = 0; length < second.length; length++) {
            byte[] cut = Arrays.copyOf(second, length);
            assertThat(parse(cut)).as("%s bytes", length).isNull();
            if (length >= 25) {
                putLengths(cut);
                // Extensions may be absent as a whole (RFC 5246, section 7.4.1.2).
                assertThat(length == endOfCompressions(second) ? null : parse(cut)).as("%s bytes", length).isNull();
            }
        }
    }

    private static void putLengths(byte[] hello) {
        ByteBuffer.wrap(hello).putShort(11, (short) (hello.length - 13)).putShort(15, (short) (hello.length - 25))
                .putShort(23, (short) (hello.length - 25));
    }

    private static int endOfCompressions(byte[] hello) {
        ByteBuffer bytes = ByteBuffer.wrap(hello);
        int suites = 60 + hello[59] + 1 + COOKIE.length;
        int compressions = suites + 2 + bytes.getShort(suites);
        return compressions + 1 + hello[compressions];
    }

    @Test
    void a_second_record_in_the_datagram_makes_it_none() {
        byte[] two = Arrays.copyOf(first, 2 * first.length);
        System.arraycopy(first, 0, two, first.length, first.length);

        assertThat(parse(two)).isNull();
    }

    @Test
    void no_bytes_whatever_make_it_throw_or_move_the_buffer() {
        SplittableRandom random = new SplittableRandom(6347);
        int hellos = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = i % 2 == 0 ? mutated(random) : garbage(random);
            int offset = random.nextInt(3);
            ByteBuf buffer = Unpooled.wrappedBuffer(new byte[offset], bytes).readerIndex(offset);
            ClientHello hello = ClientHello.parse(buffer);
            assertThat(buffer.readerIndex()).isEqualTo(offset);
            assertThat(buffer.readableBytes()).isEqualTo(bytes.length);
            if (hello != null) {
                hellos++;
                ClientHello again = parse(hello.withoutCookie(0, random.nextBoolean()));
                assertThat(again.hasCookie()).isFalse();
                assertThat(again.hasRandom(hello.random())).isTrue();
                assertThat(hello.cookie().length > 0).isEqualTo(hello.hasCookie());
                assertThat(hello.helloVerifyRequest(COOKIE)).hasSize(28 + COOKIE.length);
            }
        }
        assertThat(hellos).isBetween(1_000, 100_000);
    }

    private byte[] mutated(SplittableRandom random) {
        byte[] bytes = (random.nextBoolean() ? first : second).clone();
        for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        if (random.nextInt(4) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(25, bytes.length + 20));
            putLengths(bytes);
        }
        return bytes;
    }

    private static byte[] garbage(SplittableRandom random) {
        byte[] bytes = new byte[random.nextInt(200)];
        random.nextBytes(bytes);
        return bytes;
    }
}

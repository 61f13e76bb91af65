package io.closenotify.examples.probe.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** What is said in plaintext before TLS begins, and asked for behind it. */
public enum StartTls {

    /** TLS from the first byte on. */
    NONE {
        @Override
        int steps() {
            return 0;
        }

        @Override
        byte @Nullable [] say(int step) {
            return null;
        }

        @Override
        @Nullable String hear(int step, ByteBuf input) {
            return "";
        }

        @Override
        public Requests requests(String host, int port) {
            return Requests.http(host, port);
        }
    },

    /** RFC 3207. */
    SMTP {
        @Override
        int steps() {
            return 3;
        }

        @Override
        byte @Nullable [] say(int step) {
            return switch (step) {
                case 1 -> ascii("EHLO probe.invalid\r\n");
                case 2 -> ascii("STARTTLS\r\n");
                default -> null;
            };
        }

        @Override
        @Nullable String hear(int step, ByteBuf input) {
            // A reply ends with a line that has no hyphen behind its code (RFC 5321, section 4.2.1).
            for (String line = line(input); line != null; line = line(input)) {
                if (line.length() < 4 || line.charAt(3) != '-') {
                    return line.startsWith("2") ? "" : line;
                }
            }
            return null;
        }

        @Override
        public Requests requests(String host, int port) {
            return Requests.of("EHLO probe.invalid\r\n", "QUIT\r\n");
        }
    },

    /** RFC 9051, section 6.2.1. */
    IMAP {
        @Override
        int steps() {
            return 2;
        }

        @Override
        byte @Nullable [] say(int step) {
            return step == 1 ? ascii("a1 STARTTLS\r\n") : null;
        }

        @Override
        @Nullable String hear(int step, ByteBuf input) {
            for (String line = line(input); line != null; line = line(input)) {
                // Behind the greeting, an untagged OK is but information (RFC 9051, section 7.1.1).
                if (line.startsWith(step == 0 ? "* OK" : "a1 OK")) {
                    return "";
                }
                if (!line.startsWith("* ") || line.startsWith("* BYE")) {
                    return line;
                }
            }
            return null;
        }

        @Override
        public Requests requests(String host, int port) {
            return Requests.of("a2 NOOP\r\n", "a3 LOGOUT\r\n");
        }
    },

    /** RFC 4511, section 4.14: the extended operation 1.3.6.1.4.1.1466.20037. */
    LDAP {
        private static final String START_TLS = "1.3.6.1.4.1.1466.20037";

        @Override
        int steps() {
            return 1;
        }

        @Override
        byte[] say(int step) {
            // LDAPMessage { messageID 1, ExtendedRequest [APPLICATION 23] { requestName [0] } }
            return hex("301d020101" + "7718" + "8016" + ByteBufUtil.hexDump(ascii(START_TLS)));
        }

        @Override
        @Nullable String hear(int step, ByteBuf input) {
            if (input.readableBytes() < 2) {
                return null;
            }
            int start = input.readerIndex();
            if (input.getUnsignedByte(start) != 0x30) {
                return "no LDAPMessage";
            }
            int length = input.getUnsignedByte(start + 1);
            int header = 2;
            if (length > 0x80 && length <= 0x84) {
                header += length & 0x7f;
                if (input.readableBytes() < header) {
                    return null;
                }
                length = 0;
                for (int i = 2; i < header; i++) {
                    length = length << 8 | input.getUnsignedByte(start + i);
                }
            }
            if (length < 0 || length > StartTlsHandler.MOST_BYTES) {
                return "an LDAPMessage of " + length + " bytes";
            }
            if (input.readableBytes() < header + length) {
                return null;
            }
            ByteBuf message = input.readSlice(header + length).skipBytes(header);
            // messageID, then ExtendedResponse [APPLICATION 24] { resultCode ENUMERATED, ... }
            String hex = ByteBufUtil.hexDump(message);
            if (!hex.matches("020101(78|7881..|7882....|7883.{6}|7884.{8}).*")) {
                return "no ExtendedResponse";
            }
            return hex.replaceFirst("020101(7884.{8}|7883.{6}|7882....|7881..|78..)", "").startsWith("0a0100")
                    ? "" : "StartTLS refused";
        }

        @Override
        public Requests requests(String host, int port) {
            // A search for the root DSE, (objectClass=*) without any attributes ("1.1"); and an Unbind.
            String search = "302a020102" + "6325" + "0400" + "0a0100" + "0a0100" + "020100" + "020100"
                    + "010100" + "870b" + ByteBufUtil.hexDump(ascii("objectClass"))
                    + "30050403" + ByteBufUtil.hexDump(ascii("1.1"));
            return Requests.of(latin1(hex(search)), latin1(hex("3005020103" + "4200")));
        }
    },

    /** PostgreSQL's SSLRequest. */
    POSTGRES {
        @Override
        int steps() {
            return 1;
        }

        @Override
        byte[] say(int step) {
            return message(80_877_103, "");
        }

        @Override
        @Nullable String hear(int step, ByteBuf input) {
            if (!input.isReadable()) {
                return null;
            }
            byte answer = input.readByte();
            return answer == 'S' ? "" : answer == 'N' ? "TLS refused" : "no answer to SSLRequest";
        }

        @Override
        public Requests requests(String host, int port) {
            // A StartupMessage, and a CancelRequest for nobody, behind which the server closes.
            return Requests.of(latin1(message(3 << 16, "user\0probe\0\0")),
                    latin1(message(80_877_102, "\0\0\0\0\0\0\0\0")));
        }
    };

    /** How many replies there are to hear, the last of which begins TLS. */
    abstract int steps();

    /** What to send before the reply of a step, from 0, is due. */
    abstract byte @Nullable [] say(int step);

    /**
     * Takes one reply.
     *
     * @param step whose reply it is
     * @param input what came
     * @return empty if it is favourable, {@code null} if it is not all there, else what is wrong with it
     */
    abstract @Nullable String hear(int step, ByteBuf input);

    /** What to ask for by default. */
    public abstract Requests requests(String host, int port);

    private static @Nullable String line(ByteBuf input) {
        int length = input.bytesBefore((byte) '\n');
        if (length < 0) {
            return null;
        }
        return input.readCharSequence(length + 1, US_ASCII).toString().stripTrailing();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    private static byte[] latin1(String text) {
        return text.getBytes(ISO_8859_1);
    }

    private static String latin1(byte[] bytes) {
        return new String(bytes, ISO_8859_1);
    }

    private static byte[] message(int code, String rest) {
        return ByteBuffer.allocate(8 + rest.length())
                .putInt(8 + rest.length()).putInt(code).put(latin1(rest)).array();
    }
}

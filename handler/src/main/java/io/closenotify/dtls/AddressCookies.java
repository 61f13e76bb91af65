package io.closenotify.dtls;

import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Cookies bound to an address and a ClientHello, by a secret and the minute (RFC 6347, section 4.2.1). */
final class AddressCookies {

    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY_LENGTH = 32;

    private final LongSupplier clock;
    private final Mac mac;

    AddressCookies(LongSupplier clock) {
        this.clock = clock;
        byte[] key = new byte[KEY_LENGTH];
        new SecureRandom().nextBytes(key);
        try {
            mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(key, ALGORITHM));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    byte[] cookie(ClientHello hello, InetSocketAddress peer) {
        return cookie(hello, peer, minute());
    }

    /** Whether a cookie was issued for this ClientHello and address, in this minute or the last. */
    boolean isValid(ClientHello hello, InetSocketAddress peer) {
        byte[] cookie = hello.cookie();
        long minute = minute();
        return MessageDigest.isEqual(cookie, cookie(hello, peer, minute))
                || MessageDigest.isEqual(cookie, cookie(hello, peer, minute - 1));
    }

    private long minute() {
        return TimeUnit.NANOSECONDS.toMinutes(clock.getAsLong());
    }

    private byte[] cookie(ClientHello hello, InetSocketAddress peer, long minute) {
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            mac.update((byte) (minute >>> shift));
        }
        mac.update((byte) (peer.getPort() >>> Byte.SIZE));
        mac.update((byte) peer.getPort());
        byte[] address = peer.getAddress().getAddress();
        mac.update((byte) address.length);
        mac.update(address);
        return mac.doFinal(hello.boundByCookie());
    }
}

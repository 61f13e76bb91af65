package io.closenotify.dtls;

import io.netty.buffer.Unpooled;
import io.netty.util.NetUtil;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Finds out, without keeping anything, whether a ClientHello comes from where its datagram says (RFC 6347, section
 * 4.2.1).
 *
 * <p>The cookie is the JDK's own, because its engine accepts no other. An engine must have seen a first ClientHello
 * without cookie, and have answered it, before it takes the one with cookie: otherwise its messages are numbered
 * wrongly. So every ClientHello is given to a new engine as the one without cookie that it was, or must have been
 * before; the engine answers with a cookie. If the client has that cookie, the engine goes on with the client's real
 * ClientHello as the handler's first datagram. Otherwise the client is sent that cookie, and the engine is garbage. So
 * it costs the same with any cookie or none, and never a signature.
 *
 * <p>Not every JDK binds its cookies to the client's address (17.0.21 does, 25.0.3 does not): where it does not, who
 * gets one at an address of his own may use it from any. Engines are asked, once. If they do not, a cookie of our own,
 * which is bound, goes first, and the JDK's exchange follows between handler and client, one round trip more.
 *
 * <p>Event loop only.
 */
final class ClientHelloReception {

    private static final InternalLogger LOG = InternalLoggerFactory.getInstance(ClientHelloReception.class);

    /** A client has two cookies at most to show: ours, and the JDK's that replaces an expired one. */
    private static final int MAX_MESSAGE_SEQUENCE = 3;

    /** The wait for the next repetition of a ClientHello is longer than any handshake by then. */
    private static final long MAX_RECORD_SEQUENCE = 16;

    private final Function<InetSocketAddress, SSLEngine> engines;
    private final @Nullable AddressCookies ownCookies;
    private @Nullable ByteBuffer scratch;

    private ClientHelloReception(Function<InetSocketAddress, SSLEngine> engines, @Nullable AddressCookies ownCookies) {
        this.engines = engines;
        this.ownCookies = ownCookies;
    }

    /** Chooses the cookies by what the engines do. */
    static ClientHelloReception of(Function<InetSocketAddress, SSLEngine> engines, LongSupplier clock) {
        ClientHelloReception reception = withCookiesOfEngine(engines);
        return reception.isBoundToAddress() ? reception : withOwnCookies(engines, clock);
    }

    static ClientHelloReception withCookiesOfEngine(Function<InetSocketAddress, SSLEngine> engines) {
        return new ClientHelloReception(engines, null);
    }

    static ClientHelloReception withOwnCookies(Function<InetSocketAddress, SSLEngine> engines, LongSupplier clock) {
        return new ClientHelloReception(engines, new AddressCookies(clock));
    }

    /** What is to be done about a ClientHello. */
    sealed interface Verdict {

        /** The address is the client's: this engine expects the very ClientHello next. */
        record Verified(SSLEngine engine) implements Verdict { }

        /** The datagram to send, shorter than the ClientHello. */
        record Request(ByteBuffer datagram) implements Verdict { }

        /** Nothing. */
        enum Drop implements Verdict { INSTANCE }
    }

    Verdict receive(ClientHello hello, InetSocketAddress peer) {
        int sequence = hello.messageSequence();
        if (sequence > MAX_MESSAGE_SEQUENCE || (sequence == 0) == hello.hasCookie()) {
            return Verdict.Drop.INSTANCE;
        }
        if (ownCookies != null && !ownCookies.isValid(hello, peer)) {
            return request(hello, ownCookies.cookie(hello, peer));
        }
        Prepared prepared = prepare(hello, peer);
        if (prepared == null) {
            return Verdict.Drop.INSTANCE;
        }
        return ownCookies != null || MessageDigest.isEqual(hello.cookie(), prepared.cookie)
                ? new Verdict.Verified(prepared.engine) : request(hello, prepared.cookie);
    }

    private static Verdict request(ClientHello hello, byte[] cookie) {
        byte[] request = hello.helloVerifyRequest(cookie);
        return request.length <= hello.length() ? new Verdict.Request(ByteBuffer.wrap(request)) : Verdict.Drop.INSTANCE;
    }

    /** An engine that has asked for a cookie, and the cookie. */
    private static final class Prepared {

        private final SSLEngine engine;
        private final byte[] cookie;

        Prepared(SSLEngine engine, byte[] cookie) {
            this.engine = engine;
            this.cookie = cookie;
        }
    }

    private @Nullable Prepared prepare(ClientHello hello, InetSocketAddress peer) {
        try {
            Prepared prepared = prepare(hello, peer, true);
            // An engine that takes a known session without cookie (jdk.tls.enableDtlsResumeCookie=false) has begun to
            // resume it: it asks whom it does not know.
            return prepared == null ? prepare(hello, peer, false) : prepared;
        } catch (SSLException | RuntimeException e) {
            LOG.debug("{} sent a ClientHello that the engine refuses", peer, e);
            return null;
        }
    }

    private @Nullable Prepared prepare(ClientHello hello, InetSocketAddress peer, boolean withSession)
            throws SSLException {
        SSLEngine engine = engines.apply(peer);
        byte[] cookie = null;
        for (int sequence = 0; sequence < Math.max(1, hello.messageSequence()); sequence++) {
            unwrap(engine, hello.withoutCookie(sequence, withSession));
            cookie = wrapRequest(engine);
            if (cookie == null) {
                return null;
            }
        }
        if (cookie == null) {
            return null;
        }
        // RFC 6347, section 4.2.2: the ServerHello has the number of the ClientHello's record. A client would discard
        // one that it has seen on a HelloVerifyRequest as a replay.
        for (long next = Math.max(1, hello.messageSequence());
                next < Math.min(hello.recordSequence(), MAX_RECORD_SEQUENCE); next++) {
            wrapRequest(engine);
        }
        return new Prepared(engine, cookie);
    }

    private void unwrap(SSLEngine engine, byte[] datagram) throws SSLException {
        engine.unwrap(ByteBuffer.wrap(datagram), scratch(engine));
        // Parsing and a hash: too little for another thread.
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }

    /** The cookie that the engine asks for; null if it does something else. */
    private byte @Nullable [] wrapRequest(SSLEngine engine) throws SSLException {
        ByteBuffer datagram = scratch(engine);
        HandshakeStatus before = engine.getHandshakeStatus();
        if (before == HandshakeStatus.NEED_WRAP || before == HandshakeStatus.NEED_UNWRAP) {
            engine.wrap(ByteBuffer.allocate(0), datagram);
        }
        return ClientHello.cookieOfRequest(datagram.flip());
    }

    private ByteBuffer scratch(SSLEngine engine) {
        if (scratch == null) {
            scratch = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        }
        return scratch.clear();
    }

    private boolean isBoundToAddress() {
        ClientHello hello = sample();
        Prepared one = prepare(hello, new InetSocketAddress(NetUtil.LOCALHOST4, 1));
        Prepared same = prepare(hello, new InetSocketAddress(NetUtil.LOCALHOST4, 1));
        Prepared otherPort = prepare(hello, new InetSocketAddress(NetUtil.LOCALHOST4, 2));
        Prepared otherHost = prepare(hello, new InetSocketAddress(NetUtil.LOCALHOST6, 1));
        return one != null && same != null && otherPort != null && otherHost != null
                && Arrays.equals(one.cookie, same.cookie)
                && !Arrays.equals(one.cookie, otherPort.cookie)
                && !Arrays.equals(one.cookie, otherHost.cookie);
    }

    /** TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression, no extensions. */
    private static ClientHello sample() {
        byte[] datagram = new byte[67];
        ByteBuffer.wrap(datagram)
                .putInt(0x16fefd00).position(11).putShort((short) 54)
                .putInt(1 << 24 | 42).position(22).putShort((short) 0).put((byte) 42).putShort((short) 0xfefd)
                .position(61).putShort((short) 2).putShort((short) 0xc02b).put((byte) 1);
        ClientHello hello = ClientHello.parse(Unpooled.wrappedBuffer(datagram));
        if (hello == null) {
            throw new IllegalStateException("not a ClientHello");
        }
        return hello;
    }
}

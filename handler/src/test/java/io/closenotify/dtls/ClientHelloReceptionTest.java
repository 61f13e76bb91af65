package io.closenotify.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.dtls.ClientHelloReception.Verdict;
import io.netty.buffer.Unpooled;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClientHelloReceptionTest {

    private static final InetSocketAddress PEER = new InetSocketAddress("127.0.0.1", 4_433);

    private final AtomicLong clock = new AtomicLong();
    private final DtlsHandlerBuilder builder = DtlsHandler.builder(DtlsContexts.context());
    private final SSLContext clients = DtlsContexts.context();

    private enum Cookies { CHOSEN, OWN }

    private ClientHelloReception reception(Cookies cookies) {
        return cookies == Cookies.OWN
                ? ClientHelloReception.withOwnCookies(builder.settings()::serverEngine, clock::get)
                : ClientHelloReception.of(builder.settings()::serverEngine, clock::get);
    }

    private static ClientHello hello(byte[] datagram) {
        return ClientHello.parse(Unpooled.wrappedBuffer(datagram));
    }

    private static byte[] request(ClientHelloReception reception, ClientHello hello, InetSocketAddress peer) {
        Verdict verdict = reception.receive(hello, peer);
        assertThat(verdict).isInstanceOf(Verdict.Request.class);
        return ((Verdict.Request) verdict).datagram().array();
    }

    /** The ClientHello that shows the cookie. */
    private static byte[] withCookie(EngineByHand client, ClientHelloReception reception) throws SSLException {
        client.unwrap(request(reception, hello(client.wrap()), PEER));
        return client.wrap();
    }

    @ParameterizedTest
    @EnumSource
    void the_answer_is_never_longer_than_the_hello(Cookies cookies) throws SSLException {
        ClientHello hello = hello(EngineByHand.client(clients).wrap());

        assertThat(request(reception(cookies), hello, PEER).length).isLessThanOrEqualTo(hello.length());
    }

    @ParameterizedTest
    @EnumSource
    void a_client_with_its_cookie_is_verified_and_shakes_hands_with_that_engine(Cookies cookies) throws SSLException {
        ClientHelloReception reception = reception(cookies);
        EngineByHand client = EngineByHand.client(clients);
        byte[] hello = withCookie(client, reception);

        shakeHands(client, verified(reception, hello), hello);
    }

    private static EngineByHand verified(ClientHelloReception reception, byte[] hello) {
        Verdict verdict = reception.receive(hello(hello), PEER);
        assertThat(verdict).isInstanceOf(Verdict.Verified.class);
        return new EngineByHand(((Verdict.Verified) verdict).engine());
    }

    private static List<byte[]> shakeHands(EngineByHand client, EngineByHand server, byte[] hello)
            throws SSLException {
        server.unwrap(hello);
        List<byte[]> first = server.flight();
        List<byte[]> flight = first;
        for (int turns = 0; turns < 6 && !(client.isFinished() && server.isFinished()); turns++) {
            for (byte[] datagram : flight) {
                client.unwrap(datagram);
            }
            for (byte[] datagram : client.flight()) {
                server.unwrap(datagram);
            }
            flight = server.flight();
        }
        assertThat(client.isFinished()).isTrue();
        assertThat(server.isFinished()).isTrue();
        return first;
    }

    @ParameterizedTest
    @EnumSource
    void a_session_is_resumed_behind_a_cookie_too(Cookies cookies) throws SSLException {
        ClientHelloReception reception = reception(cookies);
        for (int session = 0; session < 2; session++) {
            EngineByHand client = EngineByHand.client(clients);
            byte[] hello = withCookie(client, reception);
            shakeHands(client, verified(reception, hello), hello);
        }
    }

    @ParameterizedTest
    @EnumSource
    void records_go_on_behind_the_numbers_of_repeated_hellos(Cookies cookies) throws SSLException {
        ClientHelloReception reception = reception(cookies);
        EngineByHand client = EngineByHand.client(clients);
        client.wrap();
        client.wrap();
        byte[] first = client.wrap();
        byte[] request = request(reception, hello(first), PEER);
        client.unwrap(request);
        client.wrap();
        byte[] hello = client.wrap();

        List<byte[]> flight = shakeHands(client, verified(reception, hello), hello);

        assertThat(ByteBuffer.wrap(request).getLong(3)).isEqualTo(2);
        assertThat(ByteBuffer.wrap(hello).getLong(3)).isEqualTo(4);
        assertThat(ByteBuffer.wrap(flight.get(0)).getLong(3)).isEqualTo(4);
    }

    @ParameterizedTest
    @EnumSource
    void a_right_cookie_from_another_address_is_refused(Cookies cookies) throws SSLException {
        ClientHelloReception reception = reception(cookies);
        ClientHello hello = hello(withCookie(EngineByHand.client(clients), reception));

        request(reception, hello, new InetSocketAddress("127.0.0.1", 4_434));
        request(reception, hello, new InetSocketAddress("127.0.0.2", 4_433));
    }

    @ParameterizedTest
    @EnumSource
    void the_cookie_of_another_hello_is_refused(Cookies cookies) throws SSLException {
        ClientHelloReception reception = reception(cookies);
        byte[] hello = withCookie(EngineByHand.client(clients), reception);
        hello[30] ^= 1;

        request(reception, hello(hello), PEER);
    }

    @ParameterizedTest
    @EnumSource
    void a_client_with_a_wrong_cookie_is_served_at_its_second_try(Cookies cookies) throws SSLException {
        ClientHelloReception reception = reception(cookies);
        EngineByHand client = EngineByHand.client(clients);
        client.unwrap(hello(client.wrap()).helloVerifyRequest(new byte[32]));
        client.unwrap(request(reception, hello(client.wrap()), PEER));
        byte[] hello = client.wrap();

        shakeHands(client, verified(reception, hello), hello);
    }

    @ParameterizedTest
    @EnumSource
    void numbers_that_no_client_uses_get_no_answer(Cookies cookies) throws SSLException {
        ClientHelloReception reception = reception(cookies);
        EngineByHand client = EngineByHand.client(clients);
        byte[] first = client.wrap();
        client.unwrap(request(reception, hello(first), PEER));
        byte[] second = client.wrap();
        byte[] firstLate = first.clone();
        firstLate[18] = 1;
        byte[] secondEarly = second.clone();
        secondEarly[18] = 0;
        byte[] secondLate = second.clone();
        secondLate[18] = 4;

        assertThat(List.of(firstLate, secondEarly, secondLate)).allSatisfy(
                hello -> assertThat(reception.receive(hello(hello), PEER)).isEqualTo(Verdict.Drop.INSTANCE));
    }

    @Test
    void our_own_cookie_lasts_a_minute_and_no_more_than_two() throws SSLException {
        ClientHelloReception reception = reception(Cookies.OWN);
        ClientHello hello = hello(withCookie(EngineByHand.client(clients), reception));

        clock.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThat(reception.receive(hello, PEER)).isInstanceOf(Verdict.Verified.class);

        clock.addAndGet(Duration.ofMinutes(1).toNanos());
        request(reception, hello, PEER);
    }

    @Test
    void cookies_that_engines_bind_to_no_address_are_not_relied_upon() throws SSLException {
        DtlsHandlerBuilder elsewhere = DtlsHandler.builder(DtlsContexts.context());
        ClientHelloReception reception =
                ClientHelloReception.of(peer -> elsewhere.settings().serverEngine(PEER), clock::get);
        ClientHello hello = hello(withCookie(EngineByHand.client(clients), reception));

        request(reception, hello, new InetSocketAddress("127.0.0.1", 4_434));
    }
}

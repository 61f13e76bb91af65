package io.closenotify.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestCertificateTest {

    private final TestCertificate certificate = TestCertificate.localhost();

    @Test
    void there_is_one_a_jvm() {
        assertThat(TestCertificate.localhost()).isSameAs(certificate);
    }

    @Test
    void it_is_valid_for_weeks_and_signed_by_itself() throws Exception {
        Instant now = Instant.now();
        certificate.certificate().checkValidity(Date.from(now.minus(Duration.ofHours(12))));
        certificate.certificate().checkValidity(Date.from(now.plus(Duration.ofDays(29))));
        certificate.certificate().verify(certificate.certificate().getPublicKey());
    }

    @Test
    void its_files_hold_the_same_certificate_and_key() throws Exception {
        SslContext context = SslContextBuilder.forServer(
                certificate.certificateFile().toFile(), certificate.keyFile().toFile()).build();

        assertThat(context.isServer()).isTrue();
        assertThat(certificate.certificateFile()).content().startsWith("-----BEGIN CERTIFICATE-----\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1"})
    void a_client_that_checks_the_name_trusts_it(String host) throws Exception {
        TlsScript greeting = TlsScript.begin().handshake().send("hello").closeNotify().awaitEnd();
        try (ScriptedTlsPeer server = ScriptedTlsPeer.server().play(greeting);
                SSLSocket client = (SSLSocket) certificate.sslContext().getSocketFactory()
                        .createSocket(host, server.address().getPort())) {
            client.setSoTimeout(10_000);
            SSLParameters parameters = client.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            client.setSSLParameters(parameters);

            assertThat(client.getInputStream().readAllBytes()).asString().isEqualTo("hello");
        }
    }

    @Test
    void a_protocol_that_there_is_not_is_refused_by_name() {
        assertThatThrownBy(() -> certificate.sslContext("carrier pigeon"))
                .isInstanceOf(IllegalStateException.class).hasMessage("protocol: carrier pigeon");
    }
}

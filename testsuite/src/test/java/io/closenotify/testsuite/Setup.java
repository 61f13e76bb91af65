package io.closenotify.testsuite;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.util.Arrays;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.params.provider.Arguments;

/** An engine and a version of TLS. */
record Setup(SslProvider provider, String version) {

    /** Every engine with every version. */
    static Stream<Setup> all() {
        return Stream.of(SslProvider.JDK, SslProvider.OPENSSL)
                .flatMap(provider -> Stream.of("TLSv1.2", "TLSv1.3").map(version -> new Setup(provider, version)));
    }

    SslContext client() {
        try {
            return SslContextBuilder.forClient().sslProvider(provider).protocols(version)
                    .trustManager(InsecureTrustManagerFactory.INSTANCE).build();
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    SslContext server() {
        try {
            return SslContextBuilder.forServer(TestCertificate.get().key(), TestCertificate.get().cert())
                    .sslProvider(provider).protocols(version).build();
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    boolean isJdk() {
        return provider == SslProvider.JDK;
    }

    boolean isTls13() {
        return version.equals("TLSv1.3");
    }

    /** As {@code s_server} and {@code s_client} spell it. */
    String opensslOption() {
        return isTls13() ? "-tls1_3" : "-tls1_2";
    }

    /** As GnuTLS spells it. */
    String gnutlsPriority() {
        return "NORMAL:-VERS-ALL:+VERS-TLS" + version.replace("TLSv", "");
    }

    @Override
    public String toString() {
        return provider + " " + version;
    }

    static <A, B> Stream<Arguments> cross(Stream<A> left, B[] right) {
        return left.flatMap(a -> Arrays.stream(right).map(
                b -> Arguments.of(a, b)));
    }
}

package io.closenotify.testsuite;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.params.provider.Arguments;

/** One engine with one protocol version; contexts are made once. */
public record TlsSetup(SslProvider provider, String protocol) {

    private static final Map<String, SslContext> CONTEXTS = new ConcurrentHashMap<>();

    public static List<TlsSetup> all() {
        List<TlsSetup> setups = new ArrayList<>();
        for (SslProvider provider : List.of(SslProvider.JDK, SslProvider.OPENSSL)) {
            for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
                setups.add(new TlsSetup(provider, protocol));
            }
        }
        return setups;
    }

    public static SelfSignedCertificate sharedCertificate() {
        return TestCertificate.get();
    }

    public boolean tls13() {
        return protocol.equals("TLSv1.3");
    }

    public boolean boringSsl() {
        return provider == SslProvider.OPENSSL;
    }

    public TlsSetup with(SslProvider other) {
        return new TlsSetup(other, protocol);
    }

    public SslContext context(boolean client) {
        return CONTEXTS.computeIfAbsent(provider + protocol + client, key -> client ? client() : server());
    }

    /** A context of its own, with a session cache of its own. */
    public SslContext client() {
        return build(SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE)
                .endpointIdentificationAlgorithm(null));
    }

    /** A context of its own, with a session cache of its own. */
    public SslContext server() {
        return build(SslContextBuilder.forServer(sharedCertificate().key(), sharedCertificate().cert()));
    }

    private SslContext build(SslContextBuilder builder) {
        try {
            return builder.sslProvider(provider).protocols(protocol).build();
        } catch (SSLException e) {
            throw new IllegalStateException(e);
        }
    }

    public SslHandler handler(boolean client) {
        return context(client).newHandler(ByteBufAllocator.DEFAULT);
    }

    /** As {@code s_server} and {@code s_client} spell it. */
    public String opensslOption() {
        return tls13() ? "-tls1_3" : "-tls1_2";
    }

    /** As GnuTLS spells it. */
    public String gnutlsPriority() {
        return "NORMAL:-VERS-ALL:+VERS-TLS" + protocol.replace("TLSv", "");
    }

    public static <A, B> Stream<Arguments> cross(Stream<A> left, B[] right) {
        return left.flatMap(a -> Arrays.stream(right).map(b -> Arguments.of(a, b)));
    }

    @Override
    public String toString() {
        return (boringSsl() ? "BoringSSL" : "JDK") + ' ' + protocol;
    }
}

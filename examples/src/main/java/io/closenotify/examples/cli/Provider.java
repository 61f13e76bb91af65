package io.closenotify.examples.cli;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;

/** What {@code --provider} accepts. */
enum Provider {

    JDK(SslProvider.JDK),

    /** BoringSSL, by netty-tcnative. */
    OPENSSL(SslProvider.OPENSSL);

    private final SslProvider sslProvider;

    Provider(SslProvider sslProvider) {
        this.sslProvider = sslProvider;
    }

    SslProvider sslProvider() {
        return sslProvider;
    }

    boolean isAvailable() {
        return this == JDK || OpenSsl.isAvailable();
    }
}

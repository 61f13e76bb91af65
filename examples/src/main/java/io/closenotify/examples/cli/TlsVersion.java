package io.closenotify.examples.cli;

import io.netty.handler.ssl.SslProtocols;

/** What {@code --tls} accepts. */
enum TlsVersion {

    V1_2("1.2", SslProtocols.TLS_v1_2),
    V1_3("1.3", SslProtocols.TLS_v1_3);

    private final String label;
    private final String protocol;

    TlsVersion(String label, String protocol) {
        this.label = label;
        this.protocol = protocol;
    }

    /** The spelling on the command line. */
    String label() {
        return label;
    }

    /** The name that engines know it by. */
    String protocol() {
        return protocol;
    }
}

package io.closenotify.testsuite.quic;

import io.closenotify.testkit.UdpFaultRelay;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.function.UnaryOperator;

/** Our handler and kwik. */
final class KwikPair extends InteropPair {

    private final KwikOptions options;
    private final KwikServer server;
    private KwikClient client;
    private KwikConnection kwik;

    static KwikPair direct(OurRole role) throws IOException, GeneralSecurityException, InterruptedException {
        return new KwikPair(role, ShutdownPair.setup(), KwikOptions.DEFAULT, relay -> relay);
    }

    KwikPair(OurRole role, QuicSetup setup, KwikOptions options, UnaryOperator<UdpFaultRelay.Builder> path)
            throws IOException, GeneralSecurityException, InterruptedException {
        this(role == OurRole.CLIENT ? KwikServer.start(options) : null, setup, options, path);
    }

    private KwikPair(KwikServer server, QuicSetup setup, KwikOptions options, UnaryOperator<UdpFaultRelay.Builder> path)
            throws IOException, InterruptedException {
        super(setup, server == null ? null : server.address(), path);
        this.options = options;
        this.server = server;
        connect();
    }

    @Override
    void connect() throws IOException, InterruptedException {
        if (server != null) {
            connectOurs();
            kwik = server.next();
        } else {
            if (client != null) {
                client.close();
            }
            client = KwikClient.connect(relay().address(), options);
            kwik = client.connection();
            connectOurs();
        }
    }

    KwikConnection kwik() {
        return kwik;
    }

    @Override
    void closePeer() {
        if (server != null) {
            server.close();
        } else {
            client.close();
        }
    }
}

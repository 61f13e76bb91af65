package io.closenotify.testsuite.quic;

import io.closenotify.quic.QuicShutdownFuture;
import io.closenotify.quic.QuicShutdownOutcome;
import io.closenotify.quic.QuicShutdownPolicy;
import io.closenotify.testkit.UdpFaultRelay;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.function.UnaryOperator;

/** Our handler at one end, in either role, kwik at the other, and a relay between them. */
final class KwikPair implements AutoCloseable {

    private final OurRole role;
    private final KwikOptions options;
    private final KwikServer kwikServer;
    private final QuicServer ourServer;
    private final QuicClient ourClient;
    private final UdpFaultRelay relay;
    private KwikClient kwikClient;
    private OurConnection ours;
    private KwikConnection kwik;

    static KwikPair direct(OurRole role) throws IOException, GeneralSecurityException, InterruptedException {
        return new KwikPair(role, ShutdownPair.setup(), KwikOptions.DEFAULT, relay -> relay);
    }

    KwikPair(OurRole role, QuicSetup setup, KwikOptions options, UnaryOperator<UdpFaultRelay.Builder> path)
            throws IOException, GeneralSecurityException, InterruptedException {
        this.role = role;
        this.options = options;
        if (role == OurRole.CLIENT) {
            kwikServer = KwikServer.start(options);
            ourServer = null;
            relay = path.apply(UdpFaultRelay.to(kwikServer.address())).start();
            ourClient = setup.client();
        } else {
            kwikServer = null;
            ourServer = setup.server();
            relay = path.apply(UdpFaultRelay.to(ourServer.address())).start();
            ourClient = null;
        }
        connect();
    }

    /** Connects once more; from now on the pair is about that connection. */
    void connect() throws IOException, InterruptedException {
        if (role == OurRole.CLIENT) {
            ours = ourClient.connect(relay.address());
            kwik = kwikServer.next();
        } else {
            if (kwikClient != null) {
                kwikClient.close();
            }
            kwikClient = KwikClient.connect(relay.address(), options);
            kwik = kwikClient.connection();
            ours = ourServer.next();
        }
    }

    OurConnection ours() {
        return ours;
    }

    KwikConnection kwik() {
        return kwik;
    }

    UdpFaultRelay relay() {
        return relay;
    }

    /** Starts our shutdown. */
    QuicShutdownFuture shutdown(QuicShutdownPolicy policy) {
        return ShutdownPair.handler(ours).shutdown(policy);
    }

    /** Waits for the end of our connection. */
    QuicShutdownOutcome outcome() throws InterruptedException {
        return ShutdownPair.outcome(ShutdownPair.handler(ours).outcome());
    }

    @Override
    public void close() {
        if (role == OurRole.CLIENT) {
            ourClient.close();
            kwikServer.close();
        } else {
            kwikClient.close();
            ourServer.close();
        }
        relay.close();
    }
}

package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.ShutdownState.Want;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A TLS 1.3 server's session tickets: waited for, or behind our close_notify, the classic cause of a reset. */
@ExtendWith(LeakAndLogCheck.class)
class LateTicketsTest {

    @ParameterizedTest
    @EnumSource(value = SslProvider.class, names = {"JDK", "OPENSSL"})
    void tickets_after_our_close_notify_change_nothing(SslProvider provider) {
        for (ShutdownMode mode : List.of(ShutdownMode.BIDIRECTIONAL, ShutdownMode.FAST)) {
            TlsSetup setup = new TlsSetup(provider, "TLSv1.3");
            Recorder application = new Recorder();
            TlsShutdownHandler handler =
                    TlsShutdownHandler.builder().policy(ShutdownPolicy.of(mode)).build();
            EmbeddedChannel server = new EmbeddedChannel(setup.with(SslProvider.JDK).handler(false), new Recorder());
            EmbeddedChannel ours = new EmbeddedChannel(setup.handler(true), handler, application);
            ours.freezeTime();
            SslHandler ssl = ours.pipeline().get(SslHandler.class);
            while (!ssl.handshakeFuture().isDone()) {
                move(ours, server);
                move(server, ours);
            }
            // Our Finished makes the server write its tickets; they stay on the way.
            move(ours, server);
            List<Object> tickets = drain(server);
            assertThat(tickets).as("the JDK sends a ticket").isNotEmpty();

            handler.shutdown();
            move(ours, server);
            server.pipeline().get(SslHandler.class).closeOutbound();
            server.runPendingTasks();
            tickets.addAll(drain(server));
            tickets.forEach(ours::writeInbound);
            ours.runPendingTasks();

            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).as(outcome.toString()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(application.exceptions).isEmpty();
            assertThat(handler.capabilities().readsTicketsAfterCloseNotify()).isEqualTo(provider == SslProvider.JDK);
            ours.advanceTimeBy(1, TimeUnit.MINUTES);
            ours.runScheduledPendingTasks();
            assertThat(ours.isOpen()).isFalse();
            ours.finishAndReleaseAll();
            server.finishAndReleaseAll();
        }
    }

    /** A stock BoringSSL server sends its tickets with its first write. */
    @Test
    void a_client_that_has_read_nothing_waits_for_tickets_no_longer_than_it_is_told() {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = ticketless(ShutdownPolicy.bidirectional(), application)) {
            pair.handler.shutdown();
            pair.run();
            pair.advance(ShutdownPolicy.bidirectional().ticketTimeout().minusMillis(1));
            assertThat(pair.handler.state().want()).isEqualTo(Want.WANT_READ);
            assertThat(pair.handler.state().closeNotifySent()).isFalse();
            pair.advance(Duration.ofMillis(1));
            assertThat(pair.handler.state().closeNotifySent()).isTrue();
            pair.exchange();
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(application.outcomes.element().sessionResumable()).isFalse();
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @Test
    void the_wait_ends_with_the_tickets_or_the_peers_close_notify() {
        for (boolean tickets : List.of(true, false)) {
            Recorder application = new Recorder();
            try (EmbeddedTlsPair pair = ticketless(ShutdownPolicy.bidirectional(), application)) {
                pair.handler.shutdown();
                pair.run();
                assertThat(pair.handler.state().closeNotifySent()).isFalse();
                if (tickets) {
                    pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[1]));
                } else {
                    pair.peerSendsCloseNotify();
                }
                pair.toUs(pair.takeFromPeer());
                assertThat(pair.handler.state().closeNotifySent()).isTrue();
                pair.exchange();
                assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
                pair.advance(PeerBehaviour.atMost());
            }
        }
    }

    @Test
    void whoever_is_in_haste_does_not_wait() {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = ticketless(ShutdownPolicy.bidirectional(), application)) {
            pair.handler.shutdown();
            pair.run();
            pair.handler.shutdown(ShutdownPolicy.fast());
            pair.run();
            assertThat(pair.handler.state().closeNotifySent()).as("FAST is about the peer's alert").isFalse();
            pair.handler.shutdown(ShutdownPolicy.quiet());
            pair.exchange();
            pair.advance(PeerBehaviour.atMost());
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.QUIET);
            assertThat(pair.peerApplication.closeNotifies()).isZero();
        }
        for (ShutdownPolicy policy : List.of(ShutdownPolicy.quiet(),
                ShutdownPolicy.fast().toBuilder().ticketTimeout(Duration.ZERO).build())) {
            try (EmbeddedTlsPair pair = ticketless(policy, new Recorder())) {
                pair.handler.shutdown();
                pair.run();
                assertThat(pair.handler.state().closeNotifySent()).isTrue();
                pair.exchange();
                pair.advance(PeerBehaviour.atMost());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void nobody_else_waits(boolean client) {
        for (TlsSetup setup : TlsSetup.all()) {
            try (EmbeddedTlsPair pair = new EmbeddedTlsPair(setup, setup, client, ShutdownPolicy.bidirectional(),
                    new Recorder())) {
                if (client) {
                    pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[1]));
                    pair.exchange();
                }
                pair.handler.shutdown();
                pair.run();
                assertThat(pair.handler.state().closeNotifySent()).as(setup.toString()).isTrue();
                pair.advance(PeerBehaviour.atMost());
            }
        }
    }

    private static EmbeddedTlsPair ticketless(ShutdownPolicy policy, Recorder application) {
        TlsSetup setup = new TlsSetup(SslProvider.OPENSSL, "TLSv1.3");
        return new EmbeddedTlsPair(setup, setup, true, policy, application);
    }

    private static void move(EmbeddedChannel from, EmbeddedChannel to) {
        drain(from).forEach(to::writeInbound);
        to.runPendingTasks();
    }

    private static List<Object> drain(EmbeddedChannel channel) {
        channel.runPendingTasks();
        List<Object> messages = new ArrayList<>();
        for (Object message = channel.readOutbound(); message != null; message = channel.readOutbound()) {
            messages.add(message);
        }
        return messages;
    }
}

package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testsuite.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A TLS 1.3 server's session tickets that arrive behind our close_notify: the classic cause of a reset. */
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

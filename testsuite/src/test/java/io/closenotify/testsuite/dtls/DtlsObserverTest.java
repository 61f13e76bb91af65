package io.closenotify.testsuite.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.RecordedShutdowns;
import io.closenotify.testsuite.ShutdownMeters;
import io.closenotify.testsuite.Waits;
import io.netty.channel.Channel;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.util.List;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakAndLogCheck.class)
class DtlsObserverTest {

    @Test
    void both_ends_of_a_connection_are_recorded_and_metered() throws Exception {
        ShutdownMeters meters = new ShutdownMeters("dtls");
        List<RecordedEvent> events;
        String server;
        String client;
        try (RecordedShutdowns recorded = new RecordedShutdowns();
                DtlsEcho echo = new DtlsEcho(DtlsSetup.builder(DtlsSetup.context(), ShutdownPolicy.bidirectional())
                        .observer(meters.observer()));
                DtlsClient near = new DtlsClient(
                        DtlsSetup.builder(DtlsSetup.context(), ShutdownPolicy.bidirectional()), echo.address())) {
            near.connected().echoOf("hello");
            server = NetUtil.toSocketAddressString(echo.address());
            client = NetUtil.toSocketAddressString((InetSocketAddress) near.channel().localAddress());
            Channel child = Waits.next(echo.connections, "the child");
            near.shutdown(ShutdownPolicy.bidirectional());
            Waits.next(echo.outcomes, "the server's outcome");
            Waits.done(child.closeFuture());
            events = recorded.events();
        }
        assertThat(events).extracting(event -> event.getString("peer")).containsExactlyInAnyOrder(server, client);
        assertThat(events).allSatisfy(event -> {
            assertThat(event.getString("protocol")).isEqualTo("dtls");
            assertThat(event.getString("result")).isEqualTo("clean");
        });
        assertThat(meters.outcomes("bidirectional", "clean")).isOne();
        assertThat(meters.shuttingDown()).isZero();
        assertThat(meters.lingering()).isZero();
    }
}

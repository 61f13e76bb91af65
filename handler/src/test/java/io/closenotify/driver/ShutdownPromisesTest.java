package io.closenotify.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.Protocol;
import io.closenotify.observe.ShutdownObserver;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShutdownPromisesTest {

    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final ChannelHandlerContext context = channel.pipeline().firstContext();
    private final ShutdownPromises promises = new ShutdownPromises(context, Protocol.TLS, ShutdownObserver.none());
    private final IllegalStateException removed = new IllegalStateException("removed");

    private OutcomePromise joined() {
        OutcomePromise promise = new OutcomePromise(context.executor());
        promises.join(promise);
        return promise;
    }

    @Test
    void who_asks_again_while_it_is_told_that_there_will_be_no_outcome_is_told_so_too() {
        List<OutcomePromise> again = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            joined().addListener(failed -> again.add(joined()));
        }
        promises.standDown(removed);
        assertThat(again).hasSize(3).allSatisfy(promise -> assertThat(promise.cause()).isSameAs(removed));
    }
}

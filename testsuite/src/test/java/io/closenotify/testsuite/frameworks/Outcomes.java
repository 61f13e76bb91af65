package io.closenotify.testsuite.frameworks;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownResult;
import io.closenotify.testsuite.Waits;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;

/** How the connections of one side ended. */
final class Outcomes implements BiConsumer<Channel, ShutdownOutcome> {

    private final BlockingQueue<ShutdownOutcome> queue = new LinkedBlockingQueue<>();

    /** A connection without a handshake was refused. */
    @Override
    public void accept(Channel channel, ShutdownOutcome outcome) {
        if (channel.pipeline().get(SslHandler.class).handshakeFuture().isSuccess()) {
            queue.add(outcome);
        }
    }

    ShutdownOutcome next() throws InterruptedException {
        return Waits.next(queue, "an outcome");
    }

    List<ShutdownOutcome> next(int count) throws InterruptedException {
        List<ShutdownOutcome> outcomes = new ArrayList<>();
        while (outcomes.size() < count) {
            outcomes.add(next());
        }
        return outcomes;
    }

    /** Those so far. */
    void areClean() {
        assertThat(queue).allMatch(outcome -> outcome.result() == ShutdownResult.CLEAN);
    }

    void areClean(int count) throws InterruptedException {
        assertThat(next(count)).allMatch(outcome -> outcome.result() == ShutdownResult.CLEAN);
    }
}

package io.closenotify.observe;

import static java.util.Objects.requireNonNull;

import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.netty.channel.Channel;
import io.netty.util.internal.logging.InternalLogger;
import io.netty.util.internal.logging.InternalLoggerFactory;

/** Keeps what a user's observer throws from the handlers. */
final class GuardedObserver implements ShutdownObserver {

    static final ShutdownObserver NONE = new ShutdownObserver() {
    };

    private static final InternalLogger LOGGER = InternalLoggerFactory.getInstance(ShutdownObserver.class);

    private final ShutdownObserver observer;

    private GuardedObserver(ShutdownObserver observer) {
        this.observer = observer;
    }

    static ShutdownObserver of(ShutdownObserver observer) {
        requireNonNull(observer, "observer");
        return observer == NONE || observer instanceof GuardedObserver ? observer : new GuardedObserver(observer);
    }

    @Override
    public void shutdownStarted(Channel channel, Protocol protocol) {
        guard(() -> observer.shutdownStarted(channel, protocol));
    }

    @Override
    public void shutdownEnded(Channel channel, ConnectionOutcome outcome) {
        guard(() -> observer.shutdownEnded(channel, outcome));
    }

    @Override
    public void lingerStarted(Protocol protocol) {
        guard(() -> observer.lingerStarted(protocol));
    }

    @Override
    public void lingerEnded(Protocol protocol) {
        guard(() -> observer.lingerEnded(protocol));
    }

    private void guard(Runnable call) {
        try {
            call.run();
        } catch (Throwable e) {
            LOGGER.warn("{} threw", observer.getClass().getName(), e);
        }
    }
}

package io.closenotify.observe;

import io.closenotify.ConnectionOutcome;
import io.closenotify.Protocol;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** One shutdown, as it is told to the observer and recorded. For the handlers. Event loop only. */
public final class ShutdownWatch {

    private final Channel channel;
    private final Protocol protocol;
    private final ShutdownObserver observer;
    private final @Nullable ShutdownRecording recording;

    /**
     * The shutdown starts.
     *
     * @param channel the connection
     * @param protocol what secures it
     * @param observer is told, and throws nothing
     */
    public ShutdownWatch(Channel channel, Protocol protocol, ShutdownObserver observer) {
        this.channel = channel;
        this.protocol = protocol;
        this.observer = observer;
        recording = ShutdownRecording.begin();
        observer.shutdownStarted(channel, protocol);
    }

    /** The connection lingers from now on. */
    public void lingerStarted() {
        observer.lingerStarted(protocol);
    }

    /** The connection lingers no more. */
    public void lingerEnded() {
        observer.lingerEnded(protocol);
    }

    /**
     * The outcome is known.
     *
     * @param outcome the outcome
     * @return what is to be committed, or {@code null} if nothing is recorded
     */
    public @Nullable ShutdownRecording ended(ConnectionOutcome outcome) {
        // The Flight Recorder may have been started meanwhile.
        ShutdownRecording ended = recording != null ? recording : ShutdownRecording.begin();
        if (ended != null) {
            // What the observer takes is not the shutdown's.
            ended.end();
        }
        observer.shutdownEnded(channel, outcome);
        return ended;
    }
}

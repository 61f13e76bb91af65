package io.closenotify;

/**
 * Tells whether the peer's end of input, coming now without close_notify, would cut a message of the application
 * protocol.
 *
 * <p>A handler of the pipeline implements it, anywhere behind the {@code TlsShutdownHandler}: the codec itself, or one
 * that watches it. When the input ends without the peer's close_notify, each of them is asked. With one message in
 * flight, the end of input is a truncation; with none in flight it is not, and nobody is troubled. Where no handler
 * implements it, {@link ShutdownPolicy} alone decides, as nobody then knows where a message ends.
 *
 * <p>A decoder of one's own that keeps only what it cannot decode yet, as {@code ByteToMessageDecoder} does, needs one
 * line:
 * <pre>{@code
 * public boolean isMessageInFlight() {
 *     return actualReadableBytes() > 0;
 * }
 * }</pre>
 *
 * <p><b>Threading</b>: asked on the event loop of the channel only, with all input before its end decoded, and before
 * the handlers behind the {@code TlsShutdownHandler} learn of the end. It must not block.
 *
 * <p><b>Errors</b>: an implementation that cannot tell answers {@code true}: a truncation told by mistake costs a
 * retry, one that is missed costs data.
 *
 * <p><b>Specification</b>: RFC 8446, section 6.1: without close_notify the end of input may be an attacker's. RFC 9112,
 * section 8: a message is incomplete if the connection ends before its length, as the message itself tells it, has
 * been received; section 9.8: where only the end of the connection tells it, it is complete only if a valid closure
 * alert came.
 */
public interface MessageBoundary {

    /**
     * Whether something that the peer has begun to send, or owes, is incomplete.
     *
     * @return true if the end of input now would cut it, or if that is unknown
     */
    boolean isMessageInFlight();
}

package io.closenotify.core;

/**
 * What the driver of the machine is to do, in the order given. There is one timer: arming it anew cancels it, and so
 * does {@link Phase#TERMINATED}.
 */
public enum Action {

    /** Tell the application that the peer has closed its side. */
    ANNOUNCE_PEER_CLOSE,

    /** Arm the timer with {@code deferTimeout}. */
    ARM_DEFER_TIMER,

    /** Answer the peer's close_notify once the application has handled the data that came before it. */
    ANSWER_AFTER_READ,

    /** Arm the timer with {@code flushTimeout}. */
    ARM_FLUSH_TIMER,

    /** Refuse further writes, flush what was written, own reading from now on; report when the kernel has it all. */
    FLUSH_DATA,

    /** Tell the peer, as far as the engine can, that the handshake is given up; report when the kernel has it. */
    ABANDON_HANDSHAKE,

    /** Arm the timer with {@code ticketTimeout}. */
    ARM_TICKET_TIMER,

    /** Read on, and report when something came that may have held the tickets. */
    READ_TICKETS,

    /** Send our close_notify and report when the kernel has it. */
    SEND_CLOSE_NOTIFY,

    /** Mark the engine shut down without sending anything. */
    MARK_QUIET,

    /** Arm the timer with {@code peerTimeout}. */
    ARM_PEER_TIMER,

    /** Application data that arrives from now on is delivered or discarded as the policy says, and capped. */
    AWAIT_PEER,

    /** Arm the timer with {@code linger}. */
    ARM_LINGER_TIMER,

    /** Half-close the transport: send FIN, go on reading. */
    HALF_CLOSE,

    /** Application data that arrives from now on is released; the peer's close_notify is still looked for. */
    DISCARD_DATA,

    /** Whatever arrives from now on is released unread. */
    IGNORE_INPUT,

    /** Whatever arrives from now on belongs to the time after TLS: it is kept until then. */
    HOLD_INPUT,

    /** Take TLS out of the pipeline, let the writes that were held back go, and report. */
    RELEASE_TLS,

    /** Hand the input that was held to the application. */
    DELIVER_HELD,

    /** Send a truncation exception through the pipeline. */
    RAISE_TRUNCATION,

    /** Deliver the outcome. */
    COMPLETE,

    /** Close the transport. */
    CLOSE_TRANSPORT
}

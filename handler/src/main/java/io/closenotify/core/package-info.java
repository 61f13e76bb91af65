/**
 * The pure core: one input in, the next state and the actions out. No Netty, no buffer, no promise, no clock, no
 * protocol: TLS and DTLS share it, and a test walks every state and input.
 */
@NullMarked
package io.closenotify.core;

import org.jspecify.annotations.NullMarked;

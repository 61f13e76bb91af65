/**
 * The test kit: what tests of the end of a connection need, for any pipeline, Netty's or not.
 *
 * <ul>
 * <li>{@link io.closenotify.testkit.ScriptedTlsPeer} is a TLS peer that does what its
 *     {@link io.closenotify.testkit.TlsScript} says, step by step, and reports what it saw.
 * <li>{@link io.closenotify.testkit.TcpFaultRelay} stands between a client and a server and cuts, stalls, slows or
 *     resets their connections at an exact byte.
 * <li>{@link io.closenotify.testkit.UdpFaultRelay} does what networks do to QUIC and DTLS: loss, delay, reordering,
 *     duplicates, a new address behind a NAT; by rule, or by rates from a seed.
 * <li>{@link io.closenotify.testkit.TestCertificate} makes a certificate for localhost.
 * <li>{@link io.closenotify.testkit.LeakAndLogCheck} fails tests that leak buffers or log warnings.
 * </ul>
 *
 * <p>Everything listens on loopback and on a free port, has a deadline, and ends with {@code close()}: use it in
 * try-with-resources. It needs Netty alone; nothing of Closenotify has to be in the pipelines under test.
 */
@NullMarked
package io.closenotify.testkit;

import org.jspecify.annotations.NullMarked;

/**
 * Making shutdowns visible: an event of JDK Flight Recorder for each one, an observer of one's own
 * ({@link io.closenotify.observe.ShutdownObserver}), and meters ({@link io.closenotify.observe.ShutdownMetrics}).
 *
 * <p>The event is {@code io.closenotify.Shutdown}. It needs nothing to be set, costs nothing while it is not recorded,
 * and is absent from a runtime without the module {@code jdk.jfr}.
 */
@NullMarked
package io.closenotify.observe;

import org.jspecify.annotations.NullMarked;

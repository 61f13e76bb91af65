/** Making shutdowns visible: events of JDK Flight Recorder, and meters. */
@NullMarked
package io.closenotify.observe;

import org.jspecify.annotations.NullMarked;

/** JMH benchmarks: stock Netty and this library side by side, in one run. */
@NullMarked
package io.closenotify.testsuite.bench;

import org.jspecify.annotations.NullMarked;

/**
 * Stock Netty, or Scandium for DTLS, and this library side by side, in one run. {@link PerformanceReport} runs all of
 * it, each {@link ReportPart} in a JVM of its own; JMH's benchmarks can be run alone, too.
 * {@code mvn -q -DskipTests package} makes the jar.
 *
 * <pre>{@code
 * java -jar testsuite/target/benchmarks.jar report [--quick] [--only PART,...] [DIR]
 * java -jar testsuite/target/benchmarks.jar QuicCloseBenchmark QuicPassThroughBenchmark
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.DeliveryAtClose [runs]
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.QuicDeliveryAtClose [runs]
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.DrainTrial [connections [stuck]]
 * java -Xms512m -Xmx512m -XX:+AlwaysPreTouch -cp testsuite/target/benchmarks.jar \
 *         io.closenotify.testsuite.bench.QuicManyCloses [connections a round [rounds]]
 * }</pre>
 */
@NullMarked
package io.closenotify.testsuite.bench;

import org.jspecify.annotations.NullMarked;

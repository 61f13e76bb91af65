/**
 * Stock Netty, or Scandium for DTLS, and this library side by side, in one run: JMH benchmarks, which
 * {@link Benchmarks} runs, and programs of their own. {@code mvn -q -DskipTests package} makes the jar.
 *
 * <pre>{@code
 * java -jar testsuite/target/benchmarks.jar
 * java -jar testsuite/target/benchmarks.jar QuicCloseBenchmark QuicPassThroughBenchmark
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.DeliveryAtClose [runs]
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.QuicDeliveryAtClose [runs]
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.QuicFlushTime [runs]
 * java -Xms512m -Xmx512m -XX:+AlwaysPreTouch -Djol.skipDynamicAttach=true -cp testsuite/target/benchmarks.jar \
 *         io.closenotify.testsuite.bench.QuicLingerFootprint [connections [entries]]
 * java -Xms512m -Xmx512m -XX:+AlwaysPreTouch -cp testsuite/target/benchmarks.jar \
 *         io.closenotify.testsuite.bench.QuicManyCloses [connections a round [rounds]]
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.DtlsRates \
 *         [rounds [connections a round [messages a round]]]
 * java -cp testsuite/target/benchmarks.jar io.closenotify.testsuite.bench.DtlsFootprint [rounds [connections a round]]
 * }</pre>
 */
@NullMarked
package io.closenotify.testsuite.bench;

import org.jspecify.annotations.NullMarked;

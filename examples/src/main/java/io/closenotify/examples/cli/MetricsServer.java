package io.closenotify.examples.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.closenotify.observe.ShutdownMetrics;
import io.closenotify.observe.ShutdownObserver;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Meters of all shutdowns, for Prometheus to scrape, on loopback. */
final class MetricsServer implements AutoCloseable {

    private static final String PATH = "/metrics";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ShutdownMetrics metrics = new ShutdownMetrics();
    private final HttpServer http;

    MetricsServer(int port) throws IOException {
        metrics.bindTo(registry);
        InetSocketAddress address = new InetSocketAddress(NetUtil.LOCALHOST4, port);
        try {
            http = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException("cannot serve metrics on " + NetUtil.toSocketAddressString(address) + ": "
                    + Failures.describe(e), e);
        }
        http.createContext(PATH, this::scrape);
        http.start();
    }

    private void scrape(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = registry.scrape().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    ShutdownObserver observer() {
        return metrics;
    }

    String address() {
        return "http://" + NetUtil.toSocketAddressString(http.getAddress()) + PATH;
    }

    @Override
    public void close() {
        http.stop(0);
    }
}

package io.closenotify.examples.cli;

import io.closenotify.examples.probe.Exchange;
import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Verdict;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The report of a peer for scripts. The names of its fields are a contract. */
final class ProbeJson {

    private ProbeJson() {
    }

    static Map<String, @Nullable Object> fields(ProbeReport report) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("target", report.target());
        fields.put("protocol", Labels.of(report.protocol()));
        fields.put("negotiated", report.negotiated());
        fields.put("safe", report.safe());
        fields.put("failure", report.failure());
        fields.put("elapsedMillis", report.elapsed().toMillis());
        fields.put("verdicts", report.verdicts().stream().map(ProbeJson::fields).toList());
        fields.put("exchanges", report.exchanges().stream().map(ProbeJson::fields).toList());
        return fields;
    }

    private static Map<String, @Nullable Object> fields(Verdict verdict) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("id", verdict.id());
        fields.put("question", verdict.question());
        fields.put("grade", Labels.of(verdict.grade()));
        fields.put("finding", verdict.finding());
        fields.put("rule", verdict.rule());
        fields.put("exchange", verdict.exchange());
        return fields;
    }

    private static Map<String, Object> fields(Exchange exchange) {
        List<Map<String, Object>> events = exchange.events().stream().map(ProbeJson::fields).toList();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", exchange.id());
        fields.put("title", exchange.title());
        fields.put("events", events);
        return fields;
    }

    private static Map<String, Object> fields(Exchange.Event event) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("micros", event.micros());
        fields.put("direction", Labels.of(event.direction()));
        fields.put("what", event.what());
        fields.put("bytes", event.bytes());
        return fields;
    }
}

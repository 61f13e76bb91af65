package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.EngineCapabilities;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.testsuite.TlsSetup;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

/** Prints what each engine can do, asked of the engines themselves, and holds the page on engines against it. */
class EngineTableTest {

    private static final Path PAGE = Path.of("..", "docs", "engines.md");
    private static final Path PRINTED = Path.of("target", "engine-table.md");
    private static final String BEGIN = "<!-- engine table: begin -->\n";
    private static final String END = "<!-- engine table: end -->";

    /** Every capability has a line, in this order. */
    private static final Map<String, String> LINES = new LinkedHashMap<>();

    static {
        LINES.put("answersAfterApplication",
                "our answer to the peer's close_notify follows what the application writes while it handles the data"
                        + " before it");
        LINES.put("defersAnswer", "`DEFER`: the application writes on after the peer's close_notify");
        LINES.put("authenticatesBeforeAnswer", "the peer's close_notify is verified before it is told and answered");
        LINES.put("keepsTransport", "`KEEP`: TLS ends, the connection lives on");
        LINES.put("alertsDuringHandshake", "a peer is told by an alert when the handshake is given up");
        LINES.put("readsTicketsAfterCloseNotify", "session tickets that arrive after our close_notify are taken");
    }

    private static final ShutdownPolicy ASKING = ShutdownPolicy.bidirectional().toBuilder()
            .onPeerCloseNotify(PeerClosePolicy.DEFER).transport(TransportPolicy.KEEP).build();

    @Test
    void the_page_shows_what_each_engine_can_do() throws IOException {
        String table = table();
        Files.writeString(PRINTED, table);
        String page = Files.readString(PAGE);
        assertThat(page).contains(BEGIN, END);
        assertThat(page.substring(page.indexOf(BEGIN) + BEGIN.length(), page.indexOf(END)))
                .as("the table of the page, to be replaced by " + PRINTED).isEqualTo(table);
    }

    @Test
    void every_capability_has_a_line() {
        assertThat(Arrays.stream(EngineCapabilities.class.getRecordComponents()).map(RecordComponent::getName)
                .filter(name -> !name.equals("engine"))).containsExactlyInAnyOrderElementsOf(LINES.keySet());
    }

    private static String table() {
        Map<String, Function<String, String>> columns = new LinkedHashMap<>();
        TlsSetup.all().forEach(setup -> columns.put(setup.toString(), name -> cell(setup, name)));
        EngineCapabilities dtls = DtlsHandler.builder(dtlsContext()).build().capabilities();
        columns.put(dtls.engine() + " DTLSv1.2", name -> has(dtls, name) ? "yes" : "no");
        StringBuilder table = new StringBuilder("| | ");
        table.append(String.join(" | ", columns.keySet())).append(" |\n|");
        table.append("---|".repeat(columns.size() + 1)).append('\n');
        LINES.forEach((name, line) -> table.append("| ").append(line).append(" | ")
                .append(columns.values().stream().map(cell -> cell.apply(name)).collect(Collectors.joining(" | ")))
                .append(" |\n"));
        return table.toString();
    }

    private static SSLContext dtlsContext() {
        try {
            return SSLContext.getInstance("DTLS");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String cell(TlsSetup setup, String name) {
        if (can(setup, ShutdownPolicy.bidirectional(), name)) {
            return "yes";
        }
        return can(setup, ASKING, name) ? "if built for it" : "no";
    }

    private static boolean can(TlsSetup setup, ShutdownPolicy policy, String name) {
        try (EmbeddedTlsPair pair = new EmbeddedTlsPair(setup, true, policy, new Recorder())) {
            EngineCapabilities capabilities = pair.handler.capabilities();
            pair.ours.unsafe().close(pair.ours.voidPromise());
            pair.run();
            return has(capabilities, name);
        }
    }

    private static boolean has(EngineCapabilities capabilities, String name) {
        try {
            return (boolean) EngineCapabilities.class.getMethod(name).invoke(capabilities);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}

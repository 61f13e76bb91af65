package io.closenotify.testsuite.peers;

import io.closenotify.testsuite.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** HAProxy as one process in the foreground, which logs each request to the standard output. */
final class HaProxy {

    private static final Pattern LISTENS = Pattern.compile("^listening$");

    private HaProxy() {
    }

    /** Starts it with TLS on the port that it listens on, before a server without. */
    static ListeningProgram tls(Path folder, int backend, String... directives) throws Exception {
        Path both = folder.resolve("certificate.pem");
        ListeningProgram.write(both, Files.readString(Path.of(TestCertificate.certificateFile()))
                + Files.readString(Path.of(TestCertificate.keyFile())));
        return start(folder, " ssl crt " + both, backend, "", directives);
    }

    /** Starts it without TLS on the port that it listens on, before a server with. */
    static ListeningProgram plaintext(Path folder, int backend, String... directives) throws Exception {
        return start(folder, "", backend, " ssl verify none", directives);
    }

    private static ListeningProgram start(Path folder, String bind, int backend, String server, String... directives)
            throws Exception {
        Path configuration = folder.resolve("haproxy.cfg");
        // It does not tell that it listens; but it runs its tasks only then.
        Path lua = folder.resolve("listening.lua");
        ListeningProgram.write(lua, "core.register_task(function() io.stderr:write('listening\\n') end)");
        return ListeningProgram.onFreePort(port -> {
            ListeningProgram.write(configuration, """
                    global
                        nbthread 1
                        log stdout format raw local0
                        lua-load %s
                    defaults
                        mode http
                        log global
                        log-format "state=%%ts status=%%ST"
                        timeout connect 10s
                        timeout client 10s
                        timeout server 10s
                    listen proxy
                        bind 127.0.0.1:%d%s
                        server backend 127.0.0.1:%d%s
                        %s
                    """.formatted(lua, port, bind, backend, server, String.join("\n", directives)));
            return List.of("haproxy", "-db", "-f", configuration.toString());
        }, LISTENS);
    }
}

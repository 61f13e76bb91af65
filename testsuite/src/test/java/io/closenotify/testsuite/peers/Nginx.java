package io.closenotify.testsuite.peers;

import io.closenotify.testsuite.TestCertificate;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** nginx as one process in the foreground, which writes its debug log to the standard output. */
final class Nginx {

    private static final Pattern LISTENS = Pattern.compile("using the \"epoll\" event method");

    private Nginx() {
    }

    /** Starts it with TLS on the port that it listens on. */
    static ListeningProgram tls(Path folder, String directives) throws Exception {
        return start(folder, "", " ssl", """
                ssl_certificate %s;
                ssl_certificate_key %s;
                ssl_protocols TLSv1.2 TLSv1.3;
                %s
                """.formatted(TestCertificate.certificateFile(), TestCertificate.keyFile(), directives));
    }

    /** Starts it without TLS on the port that it listens on. */
    static ListeningProgram plaintext(Path folder, String outside, String directives) throws Exception {
        return start(folder, outside, "", directives);
    }

    private static ListeningProgram start(Path folder, String outside, String listen, String directives)
            throws Exception {
        return ListeningProgram.onFreePort(port -> {
            ListeningProgram.write(folder.resolve("nginx.conf"), """
                    daemon off;
                    master_process off;
                    pid nginx.pid;
                    error_log stderr debug;
                    events { }
                    http {
                        access_log off;
                        client_body_temp_path client_body;
                        proxy_temp_path proxy;
                        fastcgi_temp_path fastcgi;
                        uwsgi_temp_path uwsgi;
                        scgi_temp_path scgi;
                        default_type text/plain;
                        %s
                        server {
                            listen 127.0.0.1:%d%s;
                            %s
                        }
                    }
                    """.formatted(outside, port, listen, directives));
            return List.of("nginx", "-e", "stderr", "-p", folder.toString(), "-c", "nginx.conf");
        }, LISTENS);
    }

    /** A close_notify came. */
    static boolean receivedCloseNotify(String line) {
        return line.contains("peer shutdown SSL cleanly");
    }
}

package io.closenotify.testsuite.peers;

import static io.closenotify.examples.probe.Verdict.Grade.BAD;
import static io.closenotify.examples.probe.Verdict.Grade.GOOD;
import static io.closenotify.examples.probe.Verdict.Grade.UNKNOWN;
import static io.closenotify.examples.probe.Verdict.Grade.WEAK;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.examples.probe.ProbeReport;
import io.closenotify.examples.probe.Verdict;
import io.closenotify.examples.probe.Verdict.Grade;
import io.closenotify.examples.probe.tls.StartTls;
import io.closenotify.examples.probe.tls.TlsProber;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the audit finds about servers in the field. */
@ExtendWith(LeakAndLogCheck.class)
@Timeout(60)
class ProbeTest {

    private static final Duration PATIENCE = Duration.ofMillis(700);
    private static final TlsSetup JDK_13 = new TlsSetup(SslProvider.JDK, "TLSv1.3");

    @TempDir
    private Path folder;

    static Stream<TlsSetup> versions() {
        return TlsSetup.all().stream().filter(setup -> !setup.boringSsl());
    }

    private static Map<String, Grade> audit(TlsSetup setup, int port) throws Exception {
        ProbeReport report = new TlsProber(setup::client, (chain, host) -> null, null, StartTls.NONE, PATIENCE)
                .audit("127.0.0.1", port);
        assertThat(report.failure()).isNull();
        return report.verdicts().stream().collect(Collectors.toMap(Verdict::id, Verdict::grade));
    }

    /** None is bad but those named. */
    private static void assertGrades(Map<String, Grade> grades, Object... named) {
        Map<String, Grade> rest = new LinkedHashMap<>(grades);
        for (int i = 0; i < named.length; i += 2) {
            assertThat(rest.remove(named[i])).as("%s of %s", named[i], grades).isEqualTo(named[i + 1]);
        }
        if (grades.get("late_answer") == WEAK) {
            // What its RST destroys is chance.
            rest.remove("its_tail");
        }
        assertThat(rest).doesNotContainValue(BAD);
    }

    private static ListeningProgram openssl(String mode) throws Exception {
        return ListeningProgram.onItsPort(List.of("openssl", "s_server", "-accept", "127.0.0.1:0", mode,
                "-cert", TestCertificate.certificateFile(), "-key", TestCertificate.keyFile(), JDK_13.opensslOption()),
                Pattern.compile("^ACCEPT .*:(\\d+)$"));
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    @NeedsProgram("openssl")
    void openssl_rev_objects_to_a_truncation() throws Exception {
        try (ListeningProgram program = openssl("-rev")) {
            assertGrades(audit(JDK_13, program.port()), "answers_close_notify", GOOD, "ends_tcp", GOOD,
                    "request_with_close_notify", GOOD, "truncation", GOOD, "sends_close_notify", UNKNOWN,
                    // It does not close, and its alert costs us the session.
                    "its_tail", UNKNOWN, "resumption_truncated", UNKNOWN);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    @NeedsProgram("openssl")
    void openssl_www_waits_for_our_answer() throws Exception {
        try (ListeningProgram program = openssl("-www")) {
            assertGrades(audit(JDK_13, program.port()), "answers_close_notify", GOOD, "sends_close_notify", GOOD,
                    "late_answer", GOOD, "truncation", GOOD);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    @NeedsProgram("gnutls-serv")
    void gnutls_answers_but_does_not_wait_for_an_answer() throws Exception {
        try (ListeningProgram program = ListeningProgram.onFreePort(port -> List.of("gnutls-serv", "--http",
                "--port", Integer.toString(port), "--x509keyfile", TestCertificate.keyFile(),
                "--x509certfile", TestCertificate.certificateFile(), "--disable-client-cert",
                "--priority", JDK_13.gnutlsPriority()), Pattern.compile("IPv4 .* port \\d+\\.\\.\\.done$"))) {
            assertGrades(audit(JDK_13, program.port()), "answers_close_notify", GOOD, "sends_close_notify", GOOD,
                    "late_answer", WEAK, "request_with_close_notify", GOOD, "truncation", GOOD);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("versions")
    @NeedsProgram("nginx")
    void nginx_answers_by_fin_alone(TlsSetup setup) throws Exception {
        try (ListeningProgram program = Nginx.tls(folder, "location / { return 200 hello; }")) {
            assertGrades(audit(setup, program.port()), "answers_close_notify", BAD, "ends_tcp", GOOD,
                    "sends_close_notify", GOOD, "truncation", WEAK);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    @NeedsProgram("haproxy")
    void haproxy_answers_but_does_not_wait_for_an_answer() throws Exception {
        try (HttpBackend backend = new HttpBackend(); ListeningProgram program = HaProxy.tls(folder, backend.port(),
                "http-request return status 200 content-type text/plain string hello")) {
            assertGrades(audit(JDK_13, program.port()), "answers_close_notify", GOOD, "sends_close_notify", GOOD,
                    "late_answer", WEAK, "request_with_close_notify", GOOD, "truncation", GOOD);
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @ValueSource(strings = {"https-server", "tls-server", "tls-server allowHalfOpen=true"})
    @NeedsProgram("node")
    void node_answers_unless_it_allows_half_open_connections(String role) throws Exception {
        try (PeerProcess program = Node.program()) {
            program.send("1 start " + role + " cert=" + TestCertificate.certificateFile() + " key="
                    + TestCertificate.keyFile() + '\n');
            String line = program.awaitLine(each -> each.startsWith("1 listening on "));
            int port = Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
            Map<String, Grade> grades = audit(JDK_13, port);
            if (role.startsWith("https")) {
                assertGrades(grades, "answers_close_notify", GOOD, "truncation", GOOD, "late_answer", WEAK);
            } else if (role.endsWith("true")) {
                assertGrades(grades, "answers_close_notify", BAD, "ends_tcp", BAD,
                        "ends_after_request", BAD, "our_tail", BAD, "truncation", BAD);
            } else {
                assertGrades(grades, "answers_close_notify", GOOD, "truncation", GOOD,
                        "sends_close_notify", UNKNOWN);
            }
        }
    }

    /** Answers GET /; what it does about close_notify is Netty's. */
    private static final class Answer extends SimpleChannelInboundHandler<FullHttpRequest> {

        @Override
        protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
            FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
            response.content().writeCharSequence("hello", ISO_8859_1);
            response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, 5);
            context.writeAndFlush(response);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @ParameterizedTest
    @MethodSource("versions")
    void stock_netty_ends_no_connection_by_itself(TlsSetup setup) throws Exception {
        EventLoopGroup loop = new NioEventLoopGroup(1);
        SslContext context = setup.server();
        try {
            Channel listener = new ServerBootstrap().group(loop).channel(NioServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(context.newHandler(channel.alloc()), new HttpServerCodec(),
                                    new HttpServerKeepAliveHandler(), new HttpObjectAggregator(1000), new Answer());
                        }
                    }).bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
            Map<String, Grade> grades = audit(setup, ((InetSocketAddress) listener.localAddress()).getPort());
            if (setup.tls13()) {
                assertGrades(grades, "answers_close_notify", BAD, "ends_tcp", WEAK, "late_answer", WEAK,
                        "ends_after_request", BAD, "truncation", WEAK);
            } else {
                assertGrades(grades, "ends_tcp", WEAK, "late_answer", WEAK, "ends_after_request", WEAK,
                        "truncation", WEAK);
            }
        } finally {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
        }
    }

    @Execution(ExecutionMode.CONCURRENT)
    @Test
    void a_jdk_socket_answers_but_does_not_wait_for_an_answer() throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("key", TestCertificate.get().key(), new char[0],
                new Certificate[] {TestCertificate.get().cert()});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        try (SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            listener.setEnabledProtocols(new String[] {JDK_13.protocol()});
            daemon(() -> {
                while (true) {
                    SSLSocket socket = (SSLSocket) listener.accept();
                    daemon(() -> {
                        try (socket) {
                            serve(socket);
                        }
                    });
                }
            });
            assertGrades(audit(JDK_13, listener.getLocalPort()), "answers_close_notify", GOOD, "late_answer", WEAK,
                    "request_with_close_notify", GOOD, "truncation", GOOD);
        }
    }

    private static void serve(SSLSocket socket) throws IOException {
        InputStream in = socket.getInputStream();
        StringBuilder request = new StringBuilder();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            request.append((char) octet);
            if (request.indexOf("\r\n\r\n") > 0) {
                socket.getOutputStream().write(
                        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello".getBytes(ISO_8859_1));
                if (request.indexOf("Connection: close") > 0) {
                    return;
                }
                request.setLength(0);
            }
        }
    }

    private interface Work {

        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                // The end of the connection, or of the test.
            }
        }, "jdk-peer");
        thread.setDaemon(true);
        thread.start();
    }
}

package io.closenotify.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
final class UsageTest {

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-h", "demo --help", "serve --help", "connect --help", "probe --help"})
    void help_goes_to_stdout(String arguments) {
        Cli.Result result = Cli.run(arguments.split(" "));

        assertThat(result.exit()).isZero();
        assertThat(result.out().get(0)).startsWith("Usage: closenotify");
        assertThat(result.err()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "frobnicate                            | frobnicate            | closenotify --help",
        "serve                                 | --port                | serve --help",
        "serve --port                          | --port                | PORT",
        "serve --port 0 --bogus                | --bogus               | serve --help",
        "serve --port 1 --port 2               | --port                | only once",
        "serve --port 65536                    | 65536                 | 0 to 65535",
        "serve --port -1                       | -1                    | 0 to 65535",
        "serve --port 0 --metrics-port 65536   | 65536                 | 0 to 65535",
        "serve --port ten                      | ten                   | 0 to 65535",
        "serve --port 0 --protocol sctp        | sctp                  | tls,dtls,quic",
        "serve --port 0 --provider gnutls      | gnutls                | jdk,openssl",
        "serve --port 0 --tls 1.1              | 1.1                   | 1.2,1.3",
        "serve --port 0 --alpn h2,,h3          | --alpn                | names of 1",
        "serve --port 0 --mode gentle          | gentle                | bidirectional,fast,quiet",
        "serve --port 0 --mode FAST            | FAST                  | bidirectional,fast,quiet",
        "serve --port 0 --on-peer-close DEFER  | DEFER                 | respond,defer",
        "serve --port 0 --defer-timeout -1     | -1                    | 0 to",
        "serve --port 0 --after-tls sink       | sink                  | echo",
        "serve --port 0 --after-tls            | --after-tls           | echo",
        "serve --port 0 --after-tls echo --mode fast           | --after-tls | --mode bidirectional",
        "serve --port 0 --mode quiet --after-tls echo          | --after-tls | --mode bidirectional",
        "connect localhost:1 --mode fast --after-tls echo      | --after-tls | --mode bidirectional",
        "serve --port 0 --on-truncation panic  | panic                 | fail,report,ignore",
        "serve --port 0 --flush-timeout -1     | -1                    | 0 to",
        "serve --port 0 --peer-timeout 1s      | 1s                    | 0 to",
        "serve --port 0 --linger 99999999999999| 99999999999999        | 0 to",
        "serve --port 0 --drain-timeout -7     | -7                    | 0 to",
        "serve --port 0 --drain-spread -1      | -1                    | 0 to",
        "serve --port 0 --drain-spread 15001   | --drain-spread        | within --drain-timeout 15000",
        "serve --port 0 --drain-concurrency -1 | -1                    | 0 to",
        "serve --port 0 --inbound-cap -1       | -1                    | >= 0 bytes",
        "serve --port 0 --app ftp              | ftp                   | echo,sink,http,source:BYTES",
        "serve --port 0 --app source:-2        | -2                    | >= 0 bytes",
        "serve --port 0 --app source:          | --app                 | >= 0 bytes",
        "serve --port 0 --cert /none.pem       | /none.pem             | readable file",
        "serve --port 0 --protocol quic --provider jdk    | --provider      | --protocol tls",
        "serve --port 0 --protocol quic --tls 1.3         | --tls           | --protocol tls",
        "serve --port 0 --protocol quic --mode fast       | --mode          | --protocol tls",
        "serve --port 0 --protocol quic --linger 0        | --linger        | --protocol tls",
        "serve --port 0 --protocol quic --inbound-cap 0   | --inbound-cap   | --protocol tls",
        "serve --port 0 --protocol quic --on-truncation fail    | --on-truncation | --protocol tls",
        "serve --port 0 --protocol quic --on-peer-close respond | --on-peer-close | --protocol tls",
        "serve --port 0 --protocol quic --defer-timeout 1      | --defer-timeout | --protocol tls",
        "serve --port 0 --protocol quic --after-tls echo        | --after-tls     | --protocol tls",
        "connect localhost:1 --protocol quic --after-tls echo   | --after-tls     | --protocol tls",
        "serve --port 0 --protocol quic --conclude        | --conclude      | serve --help",
        "serve --port 0 --error 0                         | --error         | --protocol quic",
        "serve --port 0 --reason bye                      | --reason        | --protocol quic",
        "serve --port 0 --protocol tls --rapid            | --rapid         | --protocol quic",
        "serve --port 0 --no-stream-flush                 | --no-stream-flush | --protocol quic",
        "serve --port 0 --wait-peer                       | --wait-peer     | --protocol quic",
        "serve --port 0 --idle-timeout 1                  | --idle-timeout  | --protocol dtls,quic",
        "serve --port 0 --protocol quic --rapid --wait-peer     | --rapid   | --wait-peer",
        "serve --port 0 --protocol quic --error -1              | -1        | 0 to 4611686018427387903",
        "serve --port 0 --protocol quic --error 4611686018427387904 | 4611686018427387904 | 0 to 4611686018427387903",
        "serve --port 0 --protocol quic --error 0x4000000000000000  | 0x4000000000000000  | 0 to 4611686018427387903",
        "serve --port 0 --protocol quic --error 99999999999999999999 | 99999999999999999999 | 2^62 - 1",
        "serve --port 0 --protocol quic --error -0x1            | -0x1      | 0 to 4611686018427387903",
        "serve --port 0 --protocol quic --error #1              | #1        | 0 to 4611686018427387903",
        "serve --port 0 --protocol quic --error none            | none      | 0 to 4611686018427387903",
        "serve --port 0 --protocol quic --idle-timeout -1       | -1        | 0 to",
        "serve --port 0 --protocol quic --alpn h3,,hq           | --alpn    | names of 1",
        "connect localhost:1 --conclude --send 1                | --conclude | --protocol quic",
        "connect localhost:1 --protocol quic --conclude         | --conclude | --send",
        "connect localhost:1 --protocol quic --provider openssl | --provider | --protocol tls",
        "connect localhost:1 --protocol quic --error ten        | ten       | 0 to 4611686018427387903",
        "connect localhost:1 --protocol quic --no-read --receive x | --no-read | --send",
        "connect localhost:1 --protocol quic --sessions 2 --send - | --sessions | 1 with --send -",
        "connect localhost:1 --protocol quic --cert /none.pem   | /none.pem | readable file",
        "serve --port 0 --protocol dtls --provider openssl | --provider: openssl | jdk",
        "connect localhost:1 --protocol dtls --provider openssl | --provider: openssl | jdk",
        "serve --port 0 --protocol dtls --tls 1.2          | --tls           | --protocol tls",
        "serve --port 0 --protocol dtls --after-tls echo   | --after-tls     | --protocol tls",
        "serve --port 0 --protocol dtls --on-peer-close defer   | --on-peer-close: defer | respond",
        "serve --port 0 --protocol dtls --defer-timeout 1       | --defer-timeout | --protocol tls",
        "connect localhost:1 --protocol dtls --after-tls echo   | --after-tls     | --protocol tls",
        "connect localhost:1 --protocol dtls --conclude --send 1 | --conclude      | --protocol quic",
        "serve --port 0 --protocol dtls --error 1          | --error         | --protocol quic",
        "serve --port 0 --protocol dtls --reason bye       | --reason        | --protocol quic",
        "serve --port 0 --protocol dtls --rapid            | --rapid         | --protocol quic",
        "serve --port 0 --protocol dtls --no-stream-flush  | --no-stream-flush | --protocol quic",
        "serve --port 0 --protocol dtls --wait-peer        | --wait-peer     | --protocol quic",
        "serve --port 0 --protocol dtls --mtu 255          | 255             | 256 to 16384 bytes",
        "serve --port 0 --protocol dtls --mtu 16385        | 16385           | 256 to 16384 bytes",
        "serve --port 0 --protocol dtls --handshake-timeout -1  | -1          | 0 to",
        "serve --port 0 --protocol dtls --idle-timeout -1  | -1              | 0 to",
        "serve --port 0 --protocol dtls --alpn h3,,hq      | --alpn          | names of 1",
        "serve --port 0 --mtu 1200                         | --mtu           | --protocol dtls",
        "serve --port 0 --protocol quic --mtu 1200         | --mtu           | --protocol dtls",
        "serve --port 0 --handshake-timeout 1              | --handshake-timeout | --protocol dtls",
        "connect localhost:1 --protocol dtls --sessions 2 --send - | --sessions | 1 with --send -",
        "connect                               | HOST:PORT             | connect --help",
        "connect localhost                     | localhost             | HOST:PORT",
        "connect localhost:0                   | localhost:0           | 1 to 65535",
        "connect localhost:65536               | localhost:65536       | 1 to 65535",
        "connect localhost:1 other:2           | other:2               | connect --help",
        "connect localhost:1/path              | localhost:1/path      | HOST:PORT",
        "connect localhost:1 --sessions 0      | 0                     | 1 to",
        "connect localhost:1 --send many       | many                  | number of bytes,@FILE,-",
        "connect localhost:1 --send -1         | -1                    | number of bytes,@FILE,-",
        "connect localhost:1 --send @/none     | /none                 | readable file",
        "connect localhost:1 --receive /none/x | /none/x               | can be written",
        "connect localhost:1 --cert /none.pem  | /none.pem             | readable file",
        "connect localhost:1 --sessions 2 --send - | --sessions        | 1 with --send -",
        "connect localhost:1 --no-read --receive x | --no-read         | --send",
        "probe                                 | HOST:PORT             | --hosts",
        "probe localhost                       | localhost             | HOST:PORT",
        "probe localhost:1 --hosts /none       | /none                 | readable file",
        "probe localhost:1 --html /none/x     | /none/x               | can be written",
        "probe localhost:1 --parallel 0        | 0                     | 1 to",
        "probe localhost:1 --patience 0        | --patience            | 1 ms",
        "probe localhost:1 --patience soon     | soon                  | 0 to",
        "probe localhost:1 --protocol sctp     | sctp                  | tls,dtls,quic",
        "probe localhost:1 --starttls pop3     | pop3                  | smtp,imap,ldap,postgres",
        "probe localhost:1 --request @/none    | /none                 | readable file",
        "probe localhost:1 --request \\q        | --request             | escapes",
        "probe localhost:1 --tls 1.1           | 1.1                   | 1.2,1.3",
        "probe localhost:1 --alpn h2,,h3       | --alpn                | names of 1",
        "probe localhost:1 --protocol quic --starttls smtp | --starttls | --protocol tls",
        "probe localhost:1 --protocol quic --tls 1.3       | --tls      | --protocol tls",
        "demo extra                            | extra                 | demo --help"})
    void usage_error_is_one_line_and_exit_2(String arguments, String named, String expected) {
        Cli.Result result = Cli.run(arguments.split(" "));

        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).singleElement().asString().contains(named).contains(expected.split(","));
    }

    @Test
    void version_is_one_line() {
        Cli.Result result = Cli.run("--version");

        assertThat(result.exit()).isZero();
        // The number is in the manifest of the jar.
        assertThat(result.out()).singleElement().asString().startsWith("closenotify ");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void missing_command_is_a_usage_error() {
        Cli.Result result = Cli.run();

        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.err()).singleElement().asString().contains("subcommand");
    }

    @ParameterizedTest
    @CsvSource({"--provider,jdk", "--provider,openssl", "--protocol,dtls", "--protocol,quic"})
    void file_that_is_no_pem_is_a_usage_error(String option, String value, @TempDir Path directory) throws Exception {
        String file = Files.writeString(directory.resolve("text"), "no PEM\n").toString();

        Cli.Result serve = Cli.run("serve", "--port", "0", option, value, "--cert", file, "--key", file);
        Cli.Result half = Cli.run("serve", "--port", "0", option, value, "--cert", file);
        Cli.Result connect = Cli.run("connect", "localhost:1", option, value, "--cert", file);

        assertThat(serve.exit()).isEqualTo(2);
        assertThat(serve.err()).singleElement().asString().contains("--cert", "--key", file, "PEM");
        assertThat(half.exit()).isEqualTo(2);
        assertThat(half.err()).singleElement().asString().contains(file, "--key");
        assertThat(connect.exit()).isEqualTo(2);
        assertThat(connect.err()).singleElement().asString().contains("--cert", file, "PEM");
    }
}

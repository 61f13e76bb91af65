package io.closenotify.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.unix.UnixChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.resolver.NameResolver;
import io.netty.util.NetUtil;
import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BareRuntimeTest {

    @Test
    void without_flight_recorder_and_micrometer_a_connection_is_shut_down_as_ever() throws Exception {
        Process java = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--limit-modules", "java.base,java.logging,java.naming,jdk.unsupported",
                // Newer JDKs warn of what Netty does with it.
                "-Dio.netty.noUnsafe=true",
                "-cp", classPath(), BareRuntime.class.getName())
                .redirectErrorStream(true).start();
        try {
            String output = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(java.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(output).contains("absent absent ABORTED").doesNotContain("WARN");
            assertThat(java.exitValue()).isZero();
        } finally {
            java.destroyForcibly();
        }
    }

    private static String classPath() {
        return Stream.of(TlsShutdownHandler.class, BareRuntime.class, SslHandler.class, ByteToMessageDecoder.class,
                        Channel.class, ByteBuf.class, NetUtil.class, NameResolver.class, UnixChannel.class)
                .map(type -> Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString())))
                .map(Path::toString)
                .collect(Collectors.joining(File.pathSeparator));
    }
}

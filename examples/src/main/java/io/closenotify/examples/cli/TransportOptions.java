package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How to speak a protocol and how to end a connection: the options that {@code serve} and {@code connect} share. */
@SuppressWarnings("NullAway.Init")
final class TransportOptions {

    private static final int MAX_ALPN_NAME = 255;

    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Option(names = "--protocol", paramLabel = "tls|dtls|quic", defaultValue = "tls",
            description = "The protocol (default: ${DEFAULT-VALUE}).")
    private Protocol protocol;

    @Option(names = "--alpn", paramLabel = "NAME", split = ",",
            description = "Application protocols to offer, the preferred one first (default: none; QUIC, which needs"
                    + " one: closenotify).")
    private List<String> alpn = List.of();

    @Option(names = "--flush-timeout", paramLabel = "MS", converter = Numbers.Millis.class,
            description = "How long our data may take to reach the kernel (TLS, DTLS, with close_notify; default: 3000)"
                    + " or to be acknowledged (QUIC; default: 10000); 0 waits without end.")
    private @Nullable Duration flushTimeout;

    @Option(names = "--peer-timeout", paramLabel = "MS", converter = Numbers.Millis.class,
            description = "How long to wait for the peer's close_notify after ours, which DTLS repeats meanwhile"
                    + " (TLS, DTLS; default: 5000), or for its close with --wait-peer (QUIC; default: 0); 0 waits"
                    + " without end.")
    private @Nullable Duration peerTimeout;

    @Mixin
    private EngineOptions engine;

    @Mixin
    private TlsOptions tls;

    @Mixin
    private DtlsOptions dtls;

    @Mixin
    private PolicyOptions policy;

    @Mixin
    private QuicOptions quic;

    @Mixin
    private IdleOptions idle;

    /** All that was chosen. */
    Transport transport() {
        CommandLine line = command.commandLine();
        refuseForeignOptions(line, protocol);
        refuseBadNames(line, alpn);
        return switch (protocol) {
            case TLS -> tls.transport(
                    line, engine.provider(line), alpn, policy.policy(flushTimeout, peerTimeout));
            case DTLS -> {
                engine.requireJdk(line);
                policy.refuseDefer(line);
                yield dtls.transport(alpn, policy.policy(flushTimeout, peerTimeout), idle.timeout());
            }
            case QUIC -> quic.transport(line, alpn, idle.timeout(), flushTimeout, peerTimeout);
        };
    }

    static void refuseBadNames(CommandLine line, List<String> alpn) {
        for (String name : alpn) {
            if (name.isEmpty() || name.length() > MAX_ALPN_NAME) {
                throw new ParameterException(line,
                        "--alpn: '" + name + "' (expected: names of 1 to " + MAX_ALPN_NAME + " characters)");
            }
        }
    }

    static void refuseForeignOptions(CommandLine line, Protocol protocol) {
        for (OptionSpec option : line.getParseResult().matchedOptions()) {
            OnlyFor only = option.userObject() instanceof Field field
                    ? field.getDeclaringClass().getAnnotation(OnlyFor.class) : null;
            if (only != null && !List.of(only.value()).contains(protocol)) {
                throw new ParameterException(line, option.longestName() + ": has no meaning for "
                        + Labels.of(protocol) + " (expected: --protocol "
                        + Arrays.stream(only.value()).map(Labels::of).collect(Collectors.joining("|")) + ')');
            }
        }
    }
}

package io.closenotify.examples.cli;

import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerExpectContinueHandler;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts what {@code --app} accepts. */
final class AppConverter implements ITypeConverter<App> {

    private static final String SOURCE = "source:";

    @Override
    public App convert(String value) {
        if (value.startsWith(SOURCE)) {
            return new Source(Numbers.parse(value.substring(SOURCE.length()), 0, Long.MAX_VALUE, "bytes"));
        }
        return switch (value) {
            case "echo" -> (pipeline, connection) ->
                    pipeline.addLast(new ReadWhileWritable(), new EchoHandler(), new StreamConcluder());
            case "sink" -> (pipeline, connection) -> pipeline.addLast(new SinkHandler(), new StreamConcluder());
            case "http" -> (pipeline, connection) -> pipeline.addLast(new HttpServerCodec(), new ReadWhileWritable(),
                    new HttpServerKeepAliveHandler(), new HttpServerExpectContinueHandler(), new HttpHandler(),
                    new StreamConcluder());
            default -> throw new TypeConversionException(value
                    + " (expected: echo, sink, http or source:BYTES)");
        };
    }
}

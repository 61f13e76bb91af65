package io.closenotify.examples.cli;

import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerExpectContinueHandler;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.stream.ChunkedWriteHandler;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converts what {@code --app} accepts. */
final class AppConverter implements ITypeConverter<App> {

    private static final String SOURCE = "source:";

    @Override
    public App convert(String value) {
        if (value.startsWith(SOURCE)) {
            long bytes = Numbers.parse(value.substring(SOURCE.length()), 0, Long.MAX_VALUE, "bytes");
            return pipeline -> pipeline.addLast(new ChunkedWriteHandler(), new SourceHandler(bytes));
        }
        return switch (value) {
            case "echo" -> pipeline -> pipeline.addLast(new ReadWhileWritable(), new EchoHandler());
            case "sink" -> pipeline -> pipeline.addLast(new SinkHandler());
            case "http" -> pipeline -> pipeline.addLast(new HttpServerCodec(), new ReadWhileWritable(),
                    new HttpServerKeepAliveHandler(), new HttpServerExpectContinueHandler(), new HttpHandler());
            default -> throw new TypeConversionException(value
                    + " (expected: echo, sink, http or source:BYTES)");
        };
    }
}

package io.closenotify.tls;

import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import java.util.Map;
import java.util.stream.Stream;

/** The handlers that stand behind another one, nearer to the application, in their order. */
final class HandlersBehind {

    private HandlersBehind() {
    }

    static Stream<Map.Entry<String, ChannelHandler>> of(ChannelHandlerContext context) {
        return context.pipeline().toMap().entrySet().stream()
                .dropWhile(entry -> !entry.getKey().equals(context.name())).skip(1);
    }
}

package io.closenotify.tls;

import io.closenotify.MessageBoundary;
import io.closenotify.core.Rules.Messages;
import io.netty.channel.ChannelHandlerContext;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The handlers behind another one that know where the application's messages end. */
final class MessageBoundaries {

    private MessageBoundaries() {
    }

    /**
     * Asks them where the end of input stands.
     *
     * @param failed told if one of them throws, which must not hide the end of input
     */
    static Messages ask(ChannelHandlerContext context, Consumer<RuntimeException> failed) {
        List<MessageBoundary> boundaries = HandlersBehind.of(context).map(Map.Entry::getValue)
                .filter(MessageBoundary.class::isInstance).map(MessageBoundary.class::cast).toList();
        if (boundaries.isEmpty()) {
            return Messages.UNKNOWN;
        }
        return boundaries.stream().anyMatch(boundary -> isMessageInFlight(boundary, failed))
                ? Messages.CUT : Messages.COMPLETE;
    }

    private static boolean isMessageInFlight(MessageBoundary boundary, Consumer<RuntimeException> failed) {
        try {
            return boundary.isMessageInFlight();
        } catch (RuntimeException e) {
            failed.accept(e);
            return true;
        }
    }
}

package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.handler.codec.string.StringDecoder;
import io.netty.handler.codec.string.StringEncoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.List;
import java.util.function.Supplier;

/**
 * RFC 4217: the control connection of FTP begins in plaintext, is secured by {@code AUTH TLS}, and is cleared again by
 * {@code CCC}: both close_notify are exchanged, and the same connection goes on in plaintext.
 *
 * <p>Only {@code CCC} clears it. A close_notify that nobody asked for ends the connection, as everywhere: the handler
 * is built {@code keepable}, and keeps the transport by the policy of the one shutdown that may.
 */
public final class FtpCccExample {

    // docs: begin keep-policy
    private static final ShutdownPolicy CLEAR = ShutdownPolicy.bidirectional()
            .toBuilder()
            .transport(TransportPolicy.KEEP)
            .build();
    // docs: end keep-policy

    private FtpCccExample() {
    }

    /**
     * Runs the example: a session with {@code CCC}, and one in which the client's close_notify comes unasked.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        SslContext serverContext = Loopback.serverContext();
        SslContext clientContext = Loopback.clientContext();
        try (Loopback loopback = new Loopback()) {
            Channel server = loopback.listen(new ChannelInitializer<>() {
                @Override
                protected void initChannel(Channel channel) {
                    addLines(channel.pipeline()).addLast(
                            new FtpServer(() -> serverContext.newHandler(channel.alloc())));
                }
            });
            for (List<String> session : List.of(List.of("USER a", "CCC", "PASV", "QUIT"), List.of("USER b"))) {
                loopback.connect(server, new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        addLines(channel.pipeline()).addLast(new FtpClient(
                                () -> clientContext.newHandler(ByteBufAllocator.DEFAULT), session));
                    }
                }).closeFuture().sync();
            }
        }
    }

    private static ChannelPipeline addLines(ChannelPipeline pipeline) {
        return pipeline.addLast(new Lines(), new StringDecoder(), new StringEncoder());
    }

    /** Knows whether more than the line just read has arrived. */
    private static final class Lines extends LineBasedFrameDecoder {

        Lines() {
            super(512);
        }

        boolean isEmpty() {
            return actualReadableBytes() == 0;
        }
    }

    /** What both sides have in common: TLS comes and goes between two lines, or not at all. */
    private abstract static class FtpHandler extends SimpleChannelInboundHandler<String> {

        private final Supplier<SslHandler> tls;
        // docs: begin keepable
        private final TlsShutdownHandler shutdown = TlsShutdownHandler.builder().keepable(true).build();
        // docs: end keepable

        FtpHandler(Supplier<SslHandler> tls) {
            this.tls = tls;
        }

        /** What has arrived already came in plaintext, from anybody, and must not pass for TLS. */
        void secure(ChannelHandlerContext context) {
            if (isBetweenLines(context)) {
                // In this order: the gate for what comes after TLS must be there before the handshake.
                context.pipeline().addFirst("tls", tls.get()).addAfter("tls", null, shutdown);
            }
        }

        // docs: begin keep
        /** Behind our last line our close_notify; what is written meanwhile waits until both have been exchanged. */
        void clear() {
            shutdown.shutdown(CLEAR);
        }

        /** TLS has ended. */
        void ended(ChannelHandlerContext context, ShutdownOutcome outcome) {
            System.out.println(this + ": " + outcome.result() + ", kept: " + outcome.transportKept());
            if (outcome.transportKept() && isBetweenLines(context)) {
                cleared(context);
            }
        }
        // docs: end keep

        abstract void cleared(ChannelHandlerContext context);

        /** Half a line must not be completed by the other kind. */
        private static boolean isBetweenLines(ChannelHandlerContext context) {
            boolean between = context.pipeline().get(Lines.class).isEmpty();
            if (!between) {
                context.close();
            }
            return between;
        }

        static void send(ChannelHandlerContext context, String line) {
            context.writeAndFlush(line + "\r\n");
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                ended(context, outcome);
            }
            context.fireUserEventTriggered(event);
        }
    }

    /** The server's side of a control connection. */
    private static final class FtpServer extends FtpHandler {

        private boolean clearing;

        FtpServer(Supplier<SslHandler> tls) {
            super(tls);
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            send(context, "220 ready");
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, String command) {
            if (clearing) {
                // Sent before TLS has ended: not for us to answer in plaintext.
                context.close();
                return;
            }
            switch (command) {
                case "AUTH TLS" -> {
                    send(context, "234 go ahead");
                    secure(context);
                }
                case "CCC" -> {
                    if (context.pipeline().get(SslHandler.class) == null) {
                        send(context, "533 not secured");
                        return;
                    }
                    send(context, "200 clearing");
                    clearing = true;
                    clear();
                }
                case "QUIT" -> context.writeAndFlush("221 bye\r\n").addListener(ChannelFutureListener.CLOSE);
                default -> send(context, "250 " + command + (context.pipeline().get(SslHandler.class) == null
                        ? " in plaintext" : " by TLS"));
            }
        }

        @Override
        void cleared(ChannelHandlerContext context) {
            clearing = false;
        }

        @Override
        public String toString() {
            return "server";
        }
    }

    /** The client's side: secures the connection, then sends one command after the other. */
    private static final class FtpClient extends FtpHandler {

        private final List<String> commands;
        private int next;

        FtpClient(Supplier<SslHandler> tls, List<String> commands) {
            super(tls);
            this.commands = commands;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, String reply) {
            System.out.println(this + ": " + reply);
            switch (reply.substring(0, 3)) {
                case "220" -> send(context, "AUTH TLS");
                case "234" -> secure(context);
                // The next command waits for the end of TLS.
                case "200" -> clear();
                case "221" -> context.close();
                default -> sendNext(context);
            }
        }

        @Override
        void cleared(ChannelHandlerContext context) {
            sendNext(context);
        }

        private void sendNext(ChannelHandlerContext context) {
            if (next < commands.size()) {
                send(context, commands.get(next++));
            } else {
                // Without a CCC: the server must not take this for one.
                clear();
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                sendNext(context);
            }
            super.userEventTriggered(context, event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            System.out.println(this + ": " + cause.getMessage());
        }

        @Override
        public String toString() {
            return "client";
        }
    }
}

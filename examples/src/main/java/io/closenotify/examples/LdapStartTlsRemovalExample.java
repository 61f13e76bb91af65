package io.closenotify.examples;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.TransportPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/**
 * RFC 4511, section 4.14.3: either side of an LDAP session may remove TLS and leave the session intact. Who begins
 * sends close_notify and "MUST wait until it receives a TLS closure alert from the other peer before sending further
 * LDAP PDUs"; the other "MUST immediately transmit a TLS closure alert", and both may go on.
 *
 * <p>That is {@link TransportPolicy#KEEP} on both sides: what is written meanwhile is held until both alerts have been
 * exchanged. Here a PDU is text behind its length.
 */
public final class LdapStartTlsRemovalExample {

    private static final ShutdownPolicy REMOVE_TLS = ShutdownPolicy.bidirectional()
            .toBuilder()
            .transport(TransportPolicy.KEEP)
            .build();

    private LdapStartTlsRemovalExample() {
    }

    /**
     * Runs the example: in the first session the client removes TLS, in the second the server.
     *
     * @param arguments none
     * @throws Exception if it fails
     */
    public static void main(String[] arguments) throws Exception {
        SslContext serverContext = Loopback.serverContext();
        SslContext clientContext = Loopback.clientContext();
        for (boolean clientRemoves : new boolean[] {true, false}) {
            try (Loopback loopback = new Loopback()) {
                Channel server = loopback.listen(session(channel ->
                        new LdapServer(() -> serverContext.newHandler(channel.alloc()), !clientRemoves)));
                loopback.connect(server, session(channel ->
                        new LdapClient(() -> clientContext.newHandler(channel.alloc()), clientRemoves)))
                        .closeFuture().sync();
            }
        }
    }

    @FunctionalInterface
    private interface Side {

        ChannelHandler of(Channel channel);
    }

    private static ChannelHandler session(Side side) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(new Pdus(), new LengthFieldPrepender(2), side.of(channel));
            }
        };
    }

    /** Knows whether more than the PDU just read has arrived. */
    private static final class Pdus extends LengthFieldBasedFrameDecoder {

        Pdus() {
            super(1 << 16, 0, 2, 0, 2);
        }

        boolean isEmpty() {
            return actualReadableBytes() == 0;
        }
    }

    /** One side of a session. */
    private abstract static class LdapHandler extends SimpleChannelInboundHandler<ByteBuf> {

        private final Supplier<SslHandler> tls;
        private final TlsShutdownHandler shutdown = TlsShutdownHandler.builder().policy(REMOVE_TLS).build();

        LdapHandler(Supplier<SslHandler> tls) {
            this.tls = tls;
        }

        void addTls(ChannelHandlerContext context) {
            if (isBetweenPdus(context)) {
                // In this order: the gate for what comes after TLS must be there before the handshake.
                context.pipeline().addFirst("tls", tls.get()).addAfter("tls", null, shutdown);
            }
        }

        void removeTls() {
            shutdown.shutdown();
        }

        void send(ChannelHandlerContext context, String pdu) {
            context.writeAndFlush(Loopback.text(pdu));
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf pdu) {
            boolean secured = context.pipeline().get(SslHandler.class) != null;
            String text = pdu.toString(StandardCharsets.UTF_8);
            System.out.println(this + (secured ? " by TLS: " : " in plaintext: ") + text);
            received(context, text);
        }

        abstract void received(ChannelHandlerContext context, String pdu);

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome outcome) {
                System.out.println(this + ": TLS removed, " + outcome.result() + ", begun by " + outcome.initiator());
                // Not kept: the session ends with the connection.
                if (outcome.transportKept() && isBetweenPdus(context)) {
                    tlsRemoved(context);
                }
            }
            context.fireUserEventTriggered(event);
        }

        void tlsRemoved(ChannelHandlerContext context) {
        }

        /** Half a PDU must not be completed by the other kind. */
        private static boolean isBetweenPdus(ChannelHandlerContext context) {
            boolean between = context.pipeline().get(Pdus.class).isEmpty();
            if (!between) {
                context.close();
            }
            return between;
        }
    }

    /** Answers, and may remove TLS behind an answer. */
    private static final class LdapServer extends LdapHandler {

        private final boolean removesTls;

        LdapServer(Supplier<SslHandler> tls, boolean removesTls) {
            super(tls);
            this.removesTls = removesTls;
        }

        @Override
        void received(ChannelHandlerContext context, String pdu) {
            switch (pdu) {
                case "StartTLS" -> {
                    send(context, "StartTLS: success");
                    addTls(context);
                }
                case "Unbind" -> context.close();
                default -> {
                    send(context, pdu + ": success");
                    if (removesTls && context.pipeline().get(SslHandler.class) != null) {
                        removeTls();
                    }
                }
            }
        }

        @Override
        public String toString() {
            return "server";
        }
    }

    /** Starts TLS, searches, removes TLS or has it removed, and searches again. */
    private static final class LdapClient extends LdapHandler {

        private final boolean removesTls;

        LdapClient(Supplier<SslHandler> tls, boolean removesTls) {
            super(tls);
            this.removesTls = removesTls;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            send(context, "StartTLS");
        }

        @Override
        void received(ChannelHandlerContext context, String pdu) {
            switch (pdu) {
                case "StartTLS: success" -> addTls(context);
                case "Search 1: success" -> {
                    if (removesTls) {
                        removeTls();
                    }
                }
                default -> send(context, "Unbind");
            }
        }

        @Override
        void tlsRemoved(ChannelHandlerContext context) {
            send(context, "Search 2");
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
                send(context, "Search 1");
            }
            super.userEventTriggered(context, event);
        }

        @Override
        public String toString() {
            return "client";
        }
    }
}

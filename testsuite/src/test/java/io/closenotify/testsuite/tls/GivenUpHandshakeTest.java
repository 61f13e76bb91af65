package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;

import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.Status;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A peer, or whoever speaks in its place, that gives the handshake up, at every step. */
@ExtendWith(LeakAndLogCheck.class)
class GivenUpHandshakeTest {

    private static final int BYTES = 25_000;

    /** What stands for the rest of the handshake. */
    private enum Farewell {

        /** What the JDK's engine says then, encrypted if it encrypts already, behind the messages that are ready. */
        OF_THE_ENGINE(""),
        CLOSE_NOTIFY("15030300020100"),
        USER_CANCELED_AND_CLOSE_NOTIFY("1503030002015a" + "15030300020100"),
        END_OF_INPUT("");

        private final byte[] plaintext;

        Farewell(String hex) {
            plaintext = HexFormat.of().parseHex(hex);
        }
    }

    static Stream<Arguments> farewells() {
        return TlsSetup.cross(TlsSetup.all().stream(), Farewell.values())
                .flatMap(each -> Stream.of(true, false)
                        .map(client -> Arguments.of(each.get()[0], each.get()[1], client)));
    }

    @ParameterizedTest
    @MethodSource("farewells")
    void a_handshake_that_the_peer_gives_up_is_never_told_as_complete(TlsSetup setup, Farewell farewell,
            boolean client) throws Exception {
        int steps = 0;
        while (givesUp(setup, farewell, client, steps)) {
            steps++;
        }
        assertThat(steps).as("steps of the peer's").isGreaterThanOrEqualTo(4);
    }

    /** Returns false if the peer has no more steps to do than these. */
    private static boolean givesUp(TlsSetup setup, Farewell farewell, boolean client, int steps) throws Exception {
        Recorder application = new Recorder();
        BlockingQueue<Channel> channels = new LinkedBlockingQueue<>();
        ChannelHandler our = new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(setup.handler(client),
                        TlsShutdownHandler.builder().policy(ShutdownPolicy.bidirectional()).build(), application);
                channels.add(channel);
            }
        };
        SSLEngine engine = setup.with(SslProvider.JDK).context(!client).newEngine(ByteBufAllocator.DEFAULT);
        InetAddress loopback = InetAddress.getLoopbackAddress();
        if (client) {
            try (ServerSocket listener = new ServerSocket(0, 1, loopback)) {
                Waits.done(Transport.NIO.connect(listener.getLocalSocketAddress(), our));
                try (Socket socket = listener.accept()) {
                    return check(new Peer(socket, engine, farewell), steps, channels, application);
                }
            }
        }
        Channel server = Waits.done(Transport.NIO.bind(our)).channel();
        try (Socket socket = new Socket(loopback, ((InetSocketAddress) server.localAddress()).getPort())) {
            return check(new Peer(socket, engine, farewell), steps, channels, application);
        } finally {
            Waits.done(server.close());
        }
    }

    private static boolean check(Peer peer, int steps, BlockingQueue<Channel> channels, Recorder application)
            throws Exception {
        peer.socket.setSoTimeout((int) Waits.DEADLINE.toMillis());
        Channel ours = Waits.next(channels, "our channel");
        ChannelFuture write = ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES]));
        boolean gaveUp = peer.handshakeUpTo(steps);
        if (gaveUp) {
            peer.end();
        } else {
            ours.close();
            peer.socket.close();
        }
        ShutdownOutcome outcome = application.outcome();
        Waits.done(ours.closeFuture());
        Waits.done(write);
        List<SslHandshakeCompletionEvent> told = application.events.stream()
                .filter(SslHandshakeCompletionEvent.class::isInstance)
                .map(SslHandshakeCompletionEvent.class::cast).toList();
        if (gaveUp) {
            String what = peer.farewell + " after " + steps + ", " + told + ", " + write + ", " + outcome;
            if (peer.farewell != Farewell.OF_THE_ENGINE) {
                assertThat(outcome.result()).as(what).isEqualTo(ShutdownResult.ABORTED);
            }
            boolean complete = outcome.result() != ShutdownResult.ABORTED;
            // Completed and closed in one go: what was to be written behind the handshake may come too late.
            assertThat(write.isSuccess()).as(what).isEqualTo(outcome.isSuccess());
            assertThat(outcome.isSuccess() || !complete || outcome.result() == ShutdownResult.FLUSH_FAILED).as(what)
                    .isTrue();
            assertThat(told).as(what).hasSize(1).allMatch(event -> event.isSuccess() == complete);
            assertThat(outcome.sessionResumable() && !complete).as(what).isFalse();
            assertThat(outcome.cause() == null).as(what).isEqualTo(outcome.isSuccess());
        }
        return gaveUp;
    }

    /** A peer on the JDK's engine, driven by hand. */
    private static final class Peer {

        private final Socket socket;
        private final SSLEngine engine;
        private final Farewell farewell;
        private final ByteBuffer input = ByteBuffer.allocate(1 << 16).flip();
        private final ByteBuffer plaintext = ByteBuffer.allocate(1 << 16);

        Peer(Socket socket, SSLEngine engine, Farewell farewell) {
            this.socket = socket;
            this.engine = engine;
            this.farewell = farewell;
        }

        /** Does so many steps and no more; returns false if the handshake of the other side needs no more. */
        boolean handshakeUpTo(int steps) throws IOException {
            engine.beginHandshake();
            int done = 0;
            while (true) {
                switch (engine.getHandshakeStatus()) {
                    case NEED_TASK -> {
                        if (done == steps) {
                            return true;
                        }
                        engine.getDelegatedTask().run();
                        done++;
                    }
                    case NEED_WRAP -> {
                        if (done == steps) {
                            return true;
                        }
                        wrap();
                        done++;
                    }
                    case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                        if (!engine.getUseClientMode() && engine.getSession().getProtocol().equals("TLSv1.3")) {
                            // The server's Finished was sent, which is all that the client waits for.
                            return false;
                        }
                        unwrap();
                    }
                    case FINISHED, NOT_HANDSHAKING -> {
                        return false;
                    }
                }
            }
        }

        private void wrap() throws IOException {
            ByteBuffer record = ByteBuffer.allocate(1 << 15);
            engine.wrap(ByteBuffer.allocate(0), record);
            socket.getOutputStream().write(record.array(), 0, record.position());
        }

        private void unwrap() throws IOException {
            SSLEngineResult result = engine.unwrap(input, plaintext.clear());
            if (result.getStatus() == Status.BUFFER_UNDERFLOW) {
                input.compact();
                int count = socket.getInputStream().read(input.array(), input.position(), input.remaining());
                if (count < 0) {
                    throw new IOException("the input ended");
                }
                input.position(input.position() + count).flip();
            }
        }

        void end() throws IOException {
            if (farewell == Farewell.OF_THE_ENGINE) {
                engine.closeOutbound();
                while (!engine.isOutboundDone()) {
                    wrap();
                }
            }
            socket.getOutputStream().write(farewell.plaintext);
            socket.shutdownOutput();
            while (socket.getInputStream().read(input.array()) >= 0) {
                // Until the other side has ended, too.
            }
        }
    }
}

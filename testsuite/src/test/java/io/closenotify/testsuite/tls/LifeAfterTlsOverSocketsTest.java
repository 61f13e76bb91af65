package io.closenotify.testsuite.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerCloseNotifyEvent;
import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TransportPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.Waits;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.Promise;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS ends and the connection lives on, on real sockets. */
@ExtendWith(LeakAndLogCheck.class)
class LifeAfterTlsOverSocketsTest {

    private static final int DATA = 50_000;
    private static final String PLAINTEXT = "PASV\r\nQUIT\r\n";
    private static final int LARGE = 32 << 20;
    private static final ShutdownPolicy KEEP =
            ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();
    private static final ShutdownPolicy DEFER =
            KEEP.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build();

    static Stream<Arguments> setupsAndTransports() {
        return TlsSetup.cross(TlsSetup.all().stream(), Transport.values());
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void data_alert_plaintext_and_fin_in_one_burst_reach_the_application(TlsSetup setup, Transport transport)
            throws Exception {
        for (boolean autoRead : List.of(true, false)) {
            for (boolean oursFirst : List.of(true, false)) {
                for (boolean fin : List.of(true, false)) {
                    burst(setup, transport, autoRead, oursFirst, fin);
                }
            }
        }
    }

    private static void burst(TlsSetup setup, Transport transport, boolean autoRead, boolean oursFirst, boolean fin)
            throws Exception {
        String what = "autoRead " + autoRead + ", ours first " + oursFirst + ", FIN " + fin;
        Plaintext application = new Plaintext();
        try (SocketPair pair = SocketPair.open(transport, setup, oursFirst,
                oursFirst ? KEEP : DEFER, application, new Recorder())) {
            Tap wire = new Tap();
            pair.peer.eventLoop().submit(() -> {
                pair.peer.pipeline().addFirst(wire);
                // In TLS 1.2 it would answer by itself.
                pair.peer.config().setAutoRead(false);
            }).sync();
            pair.ours.config().setAutoRead(autoRead);
            if (oursFirst) {
                pair.handler.shutdown();
            } else if (!autoRead) {
                pair.ours.read();
            }
            pair.peer.eventLoop().submit(() -> burst(pair, Unpooled.copiedBuffer(PLAINTEXT, ISO_8859_1), fin)).sync();
            if (!oursFirst) {
                while (!application.told.await(0)) {
                    // With autoRead off the alert lies behind the data.
                    pair.ours.read();
                    application.told.await(20);
                }
                pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[DATA]));
                pair.handler.shutdown();
            }
            ShutdownOutcome outcome = application.outcome();
            assertThat(outcome.result()).as(what + outcome).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.transportKept()).as(what).isTrue();
            for (int line = 0; line < 100; line++) {
                pair.ours.writeAndFlush(Unpooled.copiedBuffer(line + "\r\n", ISO_8859_1));
            }
            while (application.bytes.get() < DATA + PLAINTEXT.length()) {
                pair.ours.read();
                Waits.next(application.arrivals, what + ": " + application.bytes);
            }
            assertThat(application.text()).as(what).hasSize(DATA + PLAINTEXT.length()).endsWith(PLAINTEXT);
            assertThat(pair.ours.config().getOption(ChannelOption.ALLOW_HALF_CLOSURE)).as(what).isFalse();
            assertThat(application.exceptions).as(what).isEmpty();
            if (fin) {
                pair.ours.read();
                Waits.done(pair.ours.closeFuture());
            } else {
                wire.await("98\r\n99\r\n", what);
            }
        }
    }

    private static void burst(SocketPair pair, ByteBuf plaintext, boolean fin) {
        SslHandler ssl = pair.peer.pipeline().get(SslHandler.class);
        pair.peer.writeAndFlush(Unpooled.wrappedBuffer(new byte[DATA]));
        ssl.closeOutbound();
        pair.peer.pipeline().context(ssl).writeAndFlush(plaintext).addListener((ChannelFutureListener) sent -> {
            if (fin) {
                ((DuplexChannel) pair.peer).shutdownOutput();
            }
            pair.peer.config().setAutoRead(true);
        });
    }

    @ParameterizedTest
    @MethodSource("setupsAndTransports")
    void plaintext_behind_an_alert_that_is_yet_to_be_answered_is_not_read_without_bound(TlsSetup setup,
            Transport transport) throws Exception {
        Plaintext application = new Plaintext();
        try (SocketPair pair = SocketPair.open(transport, setup, false, DEFER, application, new Recorder())) {
            Tap read = new Tap();
            pair.onOurLoop(() -> pair.ours.pipeline().addFirst(read));
            ChannelFuture[] sent = new ChannelFuture[1];
            pair.peer.eventLoop().submit(() -> {
                SslHandler ssl = pair.peer.pipeline().get(SslHandler.class);
                ssl.closeOutbound();
                sent[0] = pair.peer.pipeline().context(ssl).writeAndFlush(Unpooled.wrappedBuffer(new byte[LARGE]));
            }).sync();
            Waits.done(application.told);
            assertThat(sent[0].await(300)).isFalse();
            assertThat(read.bytes.get()).isLessThan(4 << 20);
            pair.handler.shutdown();
            assertThat(application.outcome().transportKept()).isTrue();
            while (application.bytes.get() < LARGE) {
                Waits.next(application.arrivals, application.bytes + " bytes");
            }
            assertThat(application.exceptions).isEmpty();
        }
    }

    /** Keeps what it reads. */
    private static final class Plaintext extends Recorder {

        private final StringBuilder received = new StringBuilder();
        private final BlockingQueue<Integer> arrivals = new LinkedBlockingQueue<>();
        private final Promise<Void> told = GlobalEventExecutor.INSTANCE.newPromise();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf data = (ByteBuf) message;
            synchronized (received) {
                received.append(data.toString(ISO_8859_1));
            }
            int length = data.readableBytes();
            super.channelRead(context, message);
            arrivals.add(length);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            super.userEventTriggered(context, event);
            if (event instanceof PeerCloseNotifyEvent) {
                told.setSuccess(null);
            }
        }

        private String text() {
            synchronized (received) {
                return received.toString();
            }
        }
    }

    /** What passes on the wire. */
    private static final class Tap extends ChannelInboundHandlerAdapter {

        private final AtomicLong bytes = new AtomicLong();
        private final BlockingQueue<String> parts = new LinkedBlockingQueue<>();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
            ByteBuf data = (ByteBuf) message;
            bytes.addAndGet(data.readableBytes());
            int tail = Math.min(data.readableBytes(), 1000);
            parts.add(data.toString(data.writerIndex() - tail, tail, ISO_8859_1));
            super.channelRead(context, message);
        }

        private void await(String end, String what) throws InterruptedException {
            StringBuilder all = new StringBuilder();
            while (!all.toString().endsWith(end)) {
                all.append(Waits.next(parts, what + ": " + end + " behind " + all));
            }
        }
    }
}

package io.closenotify.testsuite.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TransportPolicy;
import io.closenotify.testsuite.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** TLS ends and the connection lives on, with an FTP-CCC-like exchange: data, alert and plaintext in one burst. */
@ExtendWith(LeakAndLogCheck.class)
class LifeAfterTlsTest {

    private static final int DATA = 50_000;
    private static final String PLAINTEXT = "PASV\r\nQUIT\r\n";
    private static final ShutdownPolicy KEEP =
            ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();

    static Stream<Arguments> setupsAndRoles() {
        return TlsSetup.cross(TlsSetup.all().stream(), new Boolean[] {true, false});
    }

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void data_alert_and_plaintext_in_one_burst_and_cut_at_every_offset_of_the_end(TlsSetup setup) throws Exception {
        for (boolean oursFirst : List.of(true, false)) {
            int length = burst(setup, true, oursFirst, -1);
            burst(setup, false, oursFirst, -1);
            for (int cut = length - 100; cut < length; cut++) {
                burst(setup, cut % 2 == 0, oursFirst, cut);
            }
        }
    }

    /** The peer's data, alert and plaintext arrive, cut in two; both alerts are exchanged; what was written waits. */
    private static int burst(TlsSetup setup, boolean client, boolean oursFirst, int cut) throws Exception {
        Plaintext application = new Plaintext();
        Pair pair = new Pair(setup, client, KEEP, application);
        if (oursFirst) {
            pair.handler.shutdown();
            pair.ours.runPendingTasks();
        }
        byte[] data = new byte[DATA];
        new Random(7).nextBytes(data);
        pair.peer.writeOutbound(Unpooled.wrappedBuffer(data));
        ChannelFuture early = oursFirst ? pair.ours.writeAndFlush(ascii("200 in plaintext\r\n")) : null;
        pair.peerSsl.closeOutbound();
        pair.peer.runPendingTasks();
        ByteBuf burst = Unpooled.wrappedBuffer(Pair.take(pair.peer), ascii(PLAINTEXT));
        int length = burst.readableBytes();
        if (cut >= 0) {
            pair.ours.writeInbound(burst.readRetainedSlice(cut));
        }
        pair.ours.writeInbound(burst);
        for (int turn = 0; turn < 4; turn++) {
            pair.ours.runPendingTasks();
        }

        String what = setup + (client ? " client" : " server") + (oursFirst ? " first" : " second") + " cut at " + cut;
        assertThat(application.outcomes).as(what).hasSize(1);
        ShutdownOutcome outcome = application.outcomes.element();
        assertThat(outcome.result()).as(what + outcome).isEqualTo(ShutdownResult.CLEAN);
        assertThat(outcome.transportKept()).as(what).isTrue();
        assertThat(application.exceptions).as(what).isEmpty();
        assertThat(pair.ours.pipeline().names()).as(what).hasSize(2);
        assertThat(application.received.length()).as(what).isEqualTo(DATA + PLAINTEXT.length());
        assertThat(application.received.substring(0, DATA)).as(what).isEqualTo(new String(data, ISO_8859_1));
        assertThat(application.received.substring(DATA)).as(what).isEqualTo(PLAINTEXT);
        // Our side: TLS up to the alert, plaintext from there on.
        if (early != null) {
            assertThat(early.isSuccess()).as(what).isTrue();
        }
        pair.ours.writeAndFlush(ascii("bye\r\n"));
        pair.ours.runPendingTasks();
        ByteBuf sent = Pair.take(pair.ours);
        String plain = (oursFirst ? "200 in plaintext\r\n" : "") + "bye\r\n";
        assertThat(sent.toString(sent.writerIndex() - plain.length(), plain.length(), ISO_8859_1))
                .as(what).isEqualTo(plain);
        pair.peer.writeInbound(sent.readRetainedSlice(sent.readableBytes() - plain.length()));
        sent.release();
        assertThat(pair.peerApplication.closeNotifies()).as(what).isEqualTo(1);
        pair.finish();
        return length;
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void the_connection_can_be_secured_again(TlsSetup setup, boolean client) throws Exception {
        Plaintext application = new Plaintext();
        Pair pair = new Pair(setup, client, KEEP, application);
        pair.handler.shutdown();
        pair.ours.runPendingTasks();
        pair.move();
        pair.peerSsl.closeOutbound();
        pair.move();
        assertThat(application.outcomes.poll().transportKept()).isTrue();
        pair.peer.pipeline().remove(pair.peerSsl);

        TlsShutdownHandler again = TlsShutdownHandler.builder().build();
        pair.peer.pipeline().addFirst(setup.with(SslProvider.JDK).handler(!client));
        pair.ours.pipeline().addFirst(setup.handler(client), again);
        pair.move();
        assertThat(pair.ours.pipeline().get(SslHandler.class).handshakeFuture().isSuccess()).isTrue();
        pair.peer.writeOutbound(ascii("secret"));
        pair.move();
        assertThat(application.received.toString()).isEqualTo("secret");
        again.shutdown();
        pair.move();
        pair.peer.pipeline().get(SslHandler.class).closeOutbound();
        pair.move();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(application.outcomes.element().transportKept()).isFalse();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void with_defer_what_the_application_writes_goes_out_before_our_alert(TlsSetup setup, boolean client)
            throws Exception {
        Plaintext application = new Plaintext();
        Pair pair = new Pair(setup, client,
                KEEP.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build(), application);
        pair.peerSsl.closeOutbound();
        pair.move();
        assertThat(application.outcomes).isEmpty();
        pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[100_000]));
        pair.move();
        assertThat(pair.peerApplication.bytes).hasValue(100_000);
        pair.handler.shutdown();
        pair.move();
        assertThat(pair.peerApplication.closeNotifies()).isEqualTo(1);
        assertThat(application.outcomes.element().transportKept()).isTrue();
        pair.finish();
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.copiedBuffer(text, ISO_8859_1);
    }

    /** Keeps what it reads. */
    private static final class Plaintext extends Recorder {

        private final StringBuilder received = new StringBuilder();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            received.append(((ByteBuf) message).toString(ISO_8859_1));
            super.channelRead(context, message);
        }
    }

    private static final class Pair {

        private final EmbeddedChannel ours;
        private final EmbeddedChannel peer;
        private final TlsShutdownHandler handler;
        private final SslHandler peerSsl;
        private final Recorder peerApplication = new Recorder();

        Pair(TlsSetup setup, boolean client, ShutdownPolicy policy, Recorder application) {
            peerSsl = setup.with(SslProvider.JDK).handler(!client);
            handler = TlsShutdownHandler.builder().policy(policy).build();
            peer = new EmbeddedChannel(peerSsl, peerApplication);
            ours = new EmbeddedChannel(setup.handler(client), handler, application);
            ours.freezeTime();
            move();
            assertThat(peerSsl.handshakeFuture().isSuccess()).isTrue();
        }

        void move() {
            for (boolean moved = true; moved;) {
                ours.runPendingTasks();
                ByteBuf out = take(ours);
                ByteBuf in;
                moved = out.isReadable();
                peer.writeInbound(out);
                peer.runPendingTasks();
                in = take(peer);
                moved |= in.isReadable();
                ours.writeInbound(in);
            }
        }

        static ByteBuf take(EmbeddedChannel channel) {
            ByteBuf all = Unpooled.buffer();
            for (ByteBuf next = channel.readOutbound(); next != null; next = channel.readOutbound()) {
                all.writeBytes(next);
                next.release();
            }
            return all;
        }

        void finish() {
            ours.unsafe().close(ours.voidPromise());
            peer.unsafe().close(peer.voidPromise());
            ours.runPendingTasks();
            peer.runPendingTasks();
            ours.finishAndReleaseAll();
            peer.finishAndReleaseAll();
        }
    }
}

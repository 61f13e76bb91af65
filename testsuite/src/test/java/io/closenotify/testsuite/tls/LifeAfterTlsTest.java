package io.closenotify.testsuite.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.PeerClosePolicy;
import io.closenotify.ShutdownFuture;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TransportPolicy;
import io.closenotify.WriteAfterShutdownException;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
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
        EmbeddedTlsPair pair = pair(setup, client, KEEP, application);
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
        ByteBuf burst = Unpooled.wrappedBuffer(EmbeddedTlsPair.take(pair.peer), ascii(PLAINTEXT));
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
        ByteBuf sent = EmbeddedTlsPair.take(pair.ours);
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
        EmbeddedTlsPair pair = pair(setup, client, KEEP, application);
        pair.handler.shutdown();
        pair.ours.runPendingTasks();
        pair.exchange();
        pair.peerSsl.closeOutbound();
        pair.exchange();
        assertThat(application.outcomes.poll().transportKept()).isTrue();
        pair.peer.pipeline().remove(pair.peerSsl);

        TlsShutdownHandler again = TlsShutdownHandler.builder().build();
        pair.peer.pipeline().addFirst(setup.with(SslProvider.JDK).handler(!client));
        pair.ours.pipeline().addFirst(setup.handler(client), again);
        pair.exchange();
        assertThat(pair.ours.pipeline().get(SslHandler.class).handshakeFuture().isSuccess()).isTrue();
        pair.peer.writeOutbound(ascii("secret"));
        pair.exchange();
        assertThat(application.received.toString()).isEqualTo("secret");
        again.shutdown();
        pair.exchange();
        pair.peer.pipeline().get(SslHandler.class).closeOutbound();
        pair.exchange();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
        assertThat(application.outcomes.element().transportKept()).isFalse();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void with_defer_what_the_application_writes_goes_out_before_our_alert(TlsSetup setup, boolean client)
            throws Exception {
        Plaintext application = new Plaintext();
        EmbeddedTlsPair pair = pair(setup, client,
                KEEP.toBuilder().onPeerCloseNotify(PeerClosePolicy.DEFER).build(), application);
        pair.peerSsl.closeOutbound();
        pair.exchange();
        assertThat(application.outcomes).isEmpty();
        pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[100_000]));
        pair.exchange();
        assertThat(pair.peerApplication.bytes).hasValue(100_000);
        pair.handler.shutdown();
        pair.exchange();
        assertThat(pair.peerApplication.closeNotifies()).isEqualTo(1);
        assertThat(application.outcomes.element().transportKept()).isTrue();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void the_peers_fin_instead_of_its_alert_fails_what_waited_and_nothing_leaves_in_plaintext(TlsSetup setup,
            boolean client) throws Exception {
        List<ChannelFuture> atTheEnd = new ArrayList<>();
        Plaintext application = new Plaintext() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                super.userEventTriggered(context, event);
                if (event instanceof ShutdownOutcome) {
                    atTheEnd.add(context.writeAndFlush(ascii(PLAINTEXT)));
                }
            }
        };
        EmbeddedTlsPair pair = pair(setup, client, KEEP, application);
        pair.shutDownUnheard();
        ChannelFuture waiting = pair.ours.writeAndFlush(ascii(PLAINTEXT));
        pair.ours.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
        pair.ours.runPendingTasks();
        assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.TRUNCATED);
        assertThat(application.outcomes.element().transportKept()).isFalse();
        assertThat(waiting.cause()).isInstanceOf(WriteAfterShutdownException.class);
        assertThat(atTheEnd).allSatisfy(late -> assertThat(late.cause()).isNotNull());
        assertThat(pair.ours.isOpen()).isFalse();
        ByteBuf sent = EmbeddedTlsPair.take(pair.ours);
        assertThat(sent.isReadable()).isFalse();
        sent.release();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void a_silent_peer_or_a_close_or_a_fast_shutdown_fails_what_waited(TlsSetup setup, boolean client)
            throws Exception {
        for (String how : List.of("silent", "close", "fast")) {
            Plaintext application = new Plaintext();
            EmbeddedTlsPair pair = pair(setup, client, KEEP, application);
            pair.shutDownUnheard();
            ChannelFuture waiting = pair.ours.writeAndFlush(ascii(PLAINTEXT));
            ChannelFuture closed = how.equals("close") ? pair.ours.pipeline().close() : null;
            if (how.equals("fast")) {
                pair.handler.shutdown(ShutdownPolicy.fast());
            }
            for (int step = 0; step < 20; step++) {
                pair.ours.advanceTimeBy(1, TimeUnit.SECONDS);
                pair.ours.runScheduledPendingTasks();
            }
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).as(how).isEqualTo(how.equals("fast") ? ShutdownResult.UNIDIRECTIONAL
                    : ShutdownResult.PEER_SILENT);
            assertThat(waiting.cause()).as(how).isInstanceOf(WriteAfterShutdownException.class);
            assertThat(pair.ours.isOpen()).as(how).isFalse();
            assertThat(closed == null || closed.isDone()).isTrue();
            ByteBuf sent = EmbeddedTlsPair.take(pair.ours);
            assertThat(sent.isReadable()).isFalse();
            sent.release();
            pair.finish();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void whoever_writes_its_next_piece_when_the_last_has_left_loses_none(TlsSetup setup) throws Exception {
        Plaintext application = new Plaintext();
        EmbeddedTlsPair pair = pair(setup, true, KEEP, application);
        pair.shutDownUnheard();
        List<ChannelFuture> writes = new ArrayList<>();
        next(pair.ours, writes, 'a');
        pair.peerSsl.closeOutbound();
        pair.toUs(pair.takeFromPeer());
        ByteBuf sent = EmbeddedTlsPair.take(pair.ours);
        assertThat(sent.toString(ISO_8859_1)).isEqualTo("abcdefghij");
        sent.release();
        assertThat(writes).hasSize(10).allSatisfy(write -> assertThat(write.isSuccess()).isTrue());
        pair.finish();
    }

    private static void next(EmbeddedChannel channel, List<ChannelFuture> writes, char letter) {
        ChannelFuture write = channel.writeAndFlush(ascii(String.valueOf(letter)));
        writes.add(write);
        if (letter < 'j') {
            write.addListener(done -> next(channel, writes, (char) (letter + 1)));
        }
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void without_preparation_keeping_is_refused_and_nothing_is_lost(TlsSetup setup, boolean client) throws Exception {
        Plaintext application = new Plaintext();
        EmbeddedTlsPair pair = pair(setup, client, ShutdownPolicy.bidirectional(), application);
        ShutdownFuture refused = pair.handler.shutdown(KEEP);
        assertThat(refused.cause()).isInstanceOf(IllegalStateException.class).hasMessageContaining("keepable(true)");
        assertThat(pair.handler.setPolicy(KEEP).cause()).isInstanceOf(IllegalStateException.class);
        assertThat(pair.handler.policy().transport()).isEqualTo(TransportPolicy.CLOSE);
        pair.peer.writeOutbound(ascii("to us"));
        pair.ours.writeOutbound(ascii("to them"));
        pair.exchange();
        assertThat(application.received.toString()).isEqualTo("to us");
        assertThat(pair.peerApplication.bytes).hasValue(7);
        assertThat(application.outcomes).isEmpty();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setupsAndRoles")
    void what_follows_the_alert_is_ignored_when_the_transport_is_to_be_closed(TlsSetup setup, boolean client)
            throws Exception {
        for (String behind : List.of(PLAINTEXT, "\u0016\u0003\u0001\u0000\u0005hello")) {
            Plaintext application = new Plaintext();
            EmbeddedTlsPair pair = pair(setup, client, KEEP.toBuilder().transport(TransportPolicy.CLOSE).build(), true,
                    application);
            pair.peer.writeOutbound(ascii("the last"));
            pair.peerSsl.closeOutbound();
            pair.peer.runPendingTasks();
            pair.ours.writeInbound(Unpooled.wrappedBuffer(EmbeddedTlsPair.take(pair.peer), ascii(behind)));
            pair.ours.runPendingTasks();
            pair.ours.writeInbound(ascii(behind));
            assertThat(application.received.toString()).isEqualTo("the last");
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(application.exceptions).isEmpty();
            pair.finish();
        }
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.copiedBuffer(text, ISO_8859_1);
    }

    /** Keeps what it reads. */
    private static class Plaintext extends Recorder {

        final StringBuilder received = new StringBuilder();

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            received.append(((ByteBuf) message).toString(ISO_8859_1));
            super.channelRead(context, message);
        }
    }

    private static EmbeddedTlsPair pair(
            TlsSetup setup, boolean client, ShutdownPolicy policy, Recorder application) {
        return pair(setup, client, policy, false, application);
    }

    private static EmbeddedTlsPair pair(
            TlsSetup setup, boolean client, ShutdownPolicy policy, boolean keepable, Recorder application) {
        return new EmbeddedTlsPair(setup.handler(client), setup.with(SslProvider.JDK).handler(!client),
                TlsShutdownHandler.builder().policy(policy).keepable(keepable).build(), application);
    }
}

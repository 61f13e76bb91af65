package io.closenotify.testsuite.tls;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
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
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is held back, in front of TLS and behind it, is let go on every way out. */
@ExtendWith(LeakAndLogCheck.class)
class HeldAndKeptTest {

    private static final ShutdownPolicy KEEP =
            ShutdownPolicy.bidirectional().toBuilder().transport(TransportPolicy.KEEP).build();

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    /** A chain of writes, each begun when the one before is done. */
    @ParameterizedTest
    @MethodSource("setups")
    void a_write_made_when_a_held_one_is_done_goes_out_too(TlsSetup setup) throws Exception {
        Pair pair = new Pair(setup, KEEP, false, new Recorder());
        pair.handler.shutdown();
        pair.ours.runPendingTasks();
        AtomicReference<ChannelFuture> second = new AtomicReference<>();
        ChannelFuture first = pair.ours.writeAndFlush(ascii("first "));
        first.addListener(done -> second.set(pair.ours.writeAndFlush(ascii("second"))));
        Pair.take(pair.ours).release();
        pair.peerSsl.closeOutbound();
        pair.peer.runPendingTasks();
        pair.ours.writeInbound(Pair.take(pair.peer));
        pair.ours.runPendingTasks();
        assertThat(first.isSuccess()).isTrue();
        assertThat(second.get().isSuccess()).isTrue();
        ByteBuf sent = Pair.take(pair.ours);
        assertThat(sent.toString(ISO_8859_1)).isEqualTo("first second");
        sent.release();
        pair.finish();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void a_write_made_at_the_outcome_of_a_transport_that_is_not_kept_fails(TlsSetup setup) throws Exception {
        AtomicReference<ChannelFuture> late = new AtomicReference<>();
        Recorder application = new Recorder() {
            @Override
            public void userEventTriggered(ChannelHandlerContext context, Object event) {
                super.userEventTriggered(context, event);
                if (event instanceof ShutdownOutcome) {
                    late.set(context.writeAndFlush(ascii("late")));
                }
            }
        };
        Pair pair = new Pair(setup, KEEP, false, application);
        pair.handler.shutdown();
        pair.ours.runPendingTasks();
        pair.handler.abort();
        pair.ours.runPendingTasks();
        assertThat(application.outcomes).hasSize(1);
        assertThat(late.get().isDone()).isTrue();
        assertThat(late.get().isSuccess()).isFalse();
        pair.finish();
    }

    private static ByteBuf ascii(String text) {
        return Unpooled.copiedBuffer(text, ISO_8859_1);
    }

    private static final class Pair {

        private final EmbeddedChannel ours;
        private final EmbeddedChannel peer;
        private final TlsShutdownHandler handler;
        private final SslHandler peerSsl;

        Pair(TlsSetup setup, ShutdownPolicy policy, boolean keepable, Recorder application) {
            peerSsl = setup.with(SslProvider.JDK).handler(true);
            handler = TlsShutdownHandler.builder().policy(policy).keepable(keepable).build();
            peer = new EmbeddedChannel(peerSsl, new Recorder());
            ours = new EmbeddedChannel(setup.handler(false), handler, application);
            ours.freezeTime();
            move();
            assertThat(peerSsl.handshakeFuture().isSuccess()).isTrue();
        }

        void move() {
            for (boolean moved = true; moved;) {
                ours.runPendingTasks();
                ByteBuf out = take(ours);
                moved = out.isReadable();
                peer.writeInbound(out);
                peer.runPendingTasks();
                ByteBuf in = take(peer);
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

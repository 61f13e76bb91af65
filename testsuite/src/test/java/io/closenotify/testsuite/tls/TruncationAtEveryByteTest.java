package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.TruncationException;
import io.closenotify.TruncationPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The end of input at every byte of the last data record and of the close_notify record. */
@ExtendWith(LeakAndLogCheck.class)
class TruncationAtEveryByteTest {

    private static final int DATA = 30;

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    @ParameterizedTest
    @MethodSource("setups")
    void end_of_input_before_the_last_byte_is_truncated_and_a_whole_close_notify_never(TlsSetup setup) {
        for (boolean client : List.of(true, false)) {
            int length = Integer.MAX_VALUE;
            for (int cut = 0; cut <= length; cut++) {
                Recorder application = new Recorder();
                try (EmbeddedTlsPair pair = open(setup, client, ShutdownPolicy.bidirectional(), application)) {
                    pair.peer.writeOutbound(Unpooled.wrappedBuffer(new byte[DATA]));
                    pair.peerSendsCloseNotify();
                    ByteBuf last = pair.takeFromPeer();
                    length = last.readableBytes();
                    pair.toUs(last.readRetainedSlice(Math.min(cut, length)));
                    last.release();
                    pair.exchange();
                    pair.peerEndsTransport();

                    ShutdownOutcome outcome = application.outcomes.element();
                    String what = "cut at " + cut + " of " + length + ": " + outcome;
                    boolean whole = cut == length;
                    assertThat(outcome.result()).as(what)
                            .isEqualTo(whole ? ShutdownResult.CLEAN : ShutdownResult.TRUNCATED);
                    assertThat(outcome.closeNotifyReceived()).as(what).isEqualTo(whole);
                    assertThat(application.exceptions).as(what).hasSize(whole ? 0 : 1);
                    assertThat(application.exceptions).as(what).allMatch(e -> e instanceof TruncationException);
                }
            }
            assertThat(length).isGreaterThan(DATA);
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void report_raises_no_exception(TlsSetup setup) {
        Recorder application = new Recorder();
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder()
                .onTruncation(TruncationPolicy.REPORT).build();
        try (EmbeddedTlsPair pair = open(setup, true, policy, application)) {
            pair.peerEndsTransport();
            assertThat(application.outcomes.element().result()).isEqualTo(ShutdownResult.TRUNCATED);
            assertThat(application.exceptions).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void ignore_counts_the_end_of_input_as_clean_and_says_so(TlsSetup setup) {
        Recorder application = new Recorder();
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder()
                .onTruncation(TruncationPolicy.IGNORE).build();
        try (EmbeddedTlsPair pair = open(setup, true, policy, application)) {
            pair.handler.shutdown();
            pair.toPeer();
            pair.dropFromPeer();
            pair.peerEndsTransport();
            ShutdownOutcome outcome = application.outcomes.element();
            assertThat(outcome.result()).isEqualTo(ShutdownResult.CLEAN);
            assertThat(outcome.closeNotifyReceived()).isFalse();
            assertThat(outcome.cause()).isInstanceOf(TruncationException.class);
            assertThat(application.exceptions).isEmpty();
        }
    }

    @Test
    void a_session_survives_truncation_as_rfc_5246_allows() {
        // JDK closeInbound() before the peer's alert throws but does not invalidate the session.
        for (TlsSetup setup : TlsSetup.all()) {
            Recorder application = new Recorder();
            try (EmbeddedTlsPair pair = open(setup, true, ShutdownPolicy.bidirectional(), application)) {
                pair.peerEndsTransport();
                assertThat(application.outcomes.element().sessionResumable()).as(setup.toString()).isTrue();
            }
        }
    }

    private static EmbeddedTlsPair open(TlsSetup setup, boolean client, ShutdownPolicy policy, Recorder application) {
        return new EmbeddedTlsPair(setup, client, policy, application);
    }
}

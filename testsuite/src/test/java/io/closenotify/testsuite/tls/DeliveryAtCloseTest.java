package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownMode;
import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testsuite.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.testsuite.tls.SocketPair.Transport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What was written before the close arrives, however slow the reader: a stock handler loses it in 70 of 100 runs. */
@ExtendWith(LeakAndLogCheck.class)
class DeliveryAtCloseTest {

    private static final int BYTES = 1_000_000;
    private static final int RUNS = 100;
    private static final int AT_ONCE = 10;

    static Stream<Arguments> modes() {
        return Stream.of(SslProvider.JDK, SslProvider.OPENSSL).flatMap(provider ->
                Stream.of(ShutdownMode.BIDIRECTIONAL, ShutdownMode.FAST).map(mode ->
                        Arguments.of(new TlsSetup(provider, "TLSv1.3"), mode)));
    }

    @ParameterizedTest
    @MethodSource("modes")
    void a_megabyte_reaches_a_slow_reader_in_every_run(TlsSetup setup, ShutdownMode mode) throws Exception {
        Semaphore free = new Semaphore(AT_ONCE);
        List<SocketPair> pairs = new ArrayList<>();
        List<SlowReader> readers = new ArrayList<>();
        for (int run = 0; run < RUNS; run++) {
            assertThat(free.tryAcquire(SocketPair.DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
            SlowReader reader = new SlowReader();
            // The server side issues session tickets, which nobody reads before the close.
            SocketPair pair = SocketPair.open(Transport.NIO, setup, setup.with(SslProvider.JDK), true,
                    ShutdownPolicy.of(mode), new Recorder(), new SlowStart(), reader);
            pair.ours.config().setAutoRead(false);
            pair.ours.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES]));
            pair.ours.close();
            reader.done.addListener(done -> free.release());
            pairs.add(pair);
            readers.add(reader);
        }
        int complete = 0;
        for (int run = 0; run < RUNS; run++) {
            SocketPair.await(readers.get(run).done);
            complete += readers.get(run).bytes == BYTES && readers.get(run).failure == null ? 1 : 0;
            ShutdownOutcome outcome = pairs.get(run).ourApplication.outcome();
            assertThat(outcome.result()).as(outcome.toString()).isIn(ShutdownResult.CLEAN, ShutdownResult.UNANSWERED,
                    ShutdownResult.UNIDIRECTIONAL);
            pairs.get(run).close();
        }
        assertThat(complete).as("complete, without a reset, of " + RUNS).isEqualTo(RUNS);
    }

    /** Reads 16 KiB every 2 ms, to the end. */
    private static final class SlowReader extends ChannelInboundHandlerAdapter {

        private Promise<Void> done;
        private long bytes;
        private Throwable failure;

        @Override
        public void handlerAdded(ChannelHandlerContext context) {
            done = context.executor().newPromise();
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            context.read();
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            bytes += ((ByteBuf) message).readableBytes();
            ((ByteBuf) message).release();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.executor().schedule(context::read, 2, TimeUnit.MILLISECONDS);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event == SslCloseCompletionEvent.SUCCESS) {
                context.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failure = cause;
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            done.setSuccess(null);
        }
    }

    private static final class SlowStart extends ChannelInitializer<Channel> {

        @Override
        protected void initChannel(Channel channel) {
            channel.config().setAutoRead(false);
            channel.config().setOption(ChannelOption.RCVBUF_ALLOCATOR,
                    new FixedRecvByteBufAllocator(16 * 1024).maxMessagesPerRead(1));
        }
    }
}

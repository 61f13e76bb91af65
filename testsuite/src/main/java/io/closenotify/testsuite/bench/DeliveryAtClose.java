package io.closenotify.testsuite.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import io.closenotify.ShutdownPolicy;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.FixedRecvByteBufAllocator;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How much of what was written before a close arrives: a TLS 1.3 client writes a megabyte, waits for the write future
 * and closes; a server reads 16 KiB every 2 ms. Its session tickets are never read by the client.
 */
public final class DeliveryAtClose {

    private static final int BYTES = 1_000_000;
    private static final int AT_ONCE = 10;
    private static final long DEADLINE_SECONDS = 30;

    private DeliveryAtClose() {
    }

    /**
     * What became of the runs.
     *
     * @param runs how many there were
     * @param complete in how many every byte arrived, without a reset
     * @param reportedSuccess in how many the future of {@code close()} succeeded
     */
    public record Delivery(int runs, int complete, int reportedSuccess) {
    }

    private record Row(String engine, String closing, Delivery delivery) {
    }

    /**
     * Prints a table of stock Netty and Closenotify side by side.
     *
     * @param arguments the number of runs, 100 by default
     */
    public static void main(String[] arguments) throws Exception {
        int runs = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100;
        List<Row> rows = new ArrayList<>();
        for (SslProvider engine : List.of(SslProvider.JDK, SslProvider.OPENSSL)) {
            rows.add(new Row(engine.name(), "stock SslHandler, close()", run(engine, null, runs)));
            rows.add(new Row(engine.name(), "closenotify FAST", run(engine, ShutdownPolicy.fast(), runs)));
            rows.add(new Row(engine.name(), "closenotify BIDIRECTIONAL",
                    run(engine, ShutdownPolicy.bidirectional(), runs)));
        }
        System.out.println(AsciiTable.getTable(rows, List.of(
                new Column().header("engine").with(Row::engine),
                new Column().header("closed by").with(Row::closing),
                new Column().header("complete").with(row -> row.delivery.complete + " of " + row.delivery.runs),
                new Column().header("close() succeeded").with(
                        row -> row.delivery.reportedSuccess + " of " + row.delivery.runs))));
    }

    /**
     * Runs the exchange.
     *
     * @param engine the client's engine; the server's is the JDK's, which issues tickets
     * @param policy the client's policy, or {@code null} for a stock pipeline
     * @param runs how often, some of them at once
     * @return what became of them
     */
    public static Delivery run(SslProvider engine, @Nullable ShutdownPolicy policy, int runs) throws Exception {
        EventLoopGroup loops = new NioEventLoopGroup(2);
        BlockingQueue<Long> received = new LinkedBlockingQueue<>();
        try (BenchmarkTls tls = BenchmarkTls.create(engine, SslProvider.JDK, "TLSv1.3")) {
            Channel server = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
                    .childOption(ChannelOption.AUTO_READ, false)
                    .childOption(ChannelOption.RCVBUF_ALLOCATOR,
                            new FixedRecvByteBufAllocator(16 * 1024).maxMessagesPerRead(1))
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(tls.newServerHandler(), new SlowReader(received));
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).sync().channel();
            BlockingQueue<Boolean> closes = new LinkedBlockingQueue<>();
            int complete = 0;
            int reportedSuccess = 0;
            for (int run = 0; run < runs + AT_ONCE; run++) {
                if (run < runs) {
                    writeAndClose(loops, server, tls, policy, closes);
                }
                if (run >= AT_ONCE) {
                    complete += take(received) == BYTES ? 1 : 0;
                    reportedSuccess += take(closes) ? 1 : 0;
                }
            }
            server.close().sync();
            return new Delivery(runs, complete, reportedSuccess);
        } finally {
            loops.shutdownGracefully(0, DEADLINE_SECONDS, TimeUnit.SECONDS).sync();
        }
    }

    private static <T> T take(BlockingQueue<T> queue) throws InterruptedException {
        T taken = queue.poll(DEADLINE_SECONDS, TimeUnit.SECONDS);
        if (taken == null) {
            throw new IllegalStateException("nothing within " + DEADLINE_SECONDS + " s");
        }
        return taken;
    }

    private static void writeAndClose(EventLoopGroup loops, Channel server, BenchmarkTls tls,
            @Nullable ShutdownPolicy policy, BlockingQueue<Boolean> closes) {
        new Bootstrap().group(loops).channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(tls.newClientHandler());
                        if (policy != null) {
                            channel.pipeline().addLast(TlsShutdownHandler.builder().policy(policy).build());
                        }
                    }
                })
                .connect(server.localAddress()).addListener(connected -> {
                    Channel channel = ((ChannelFuture) connected).channel();
                    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[BYTES])).addListener(written ->
                            channel.close().addListener(closed -> closes.add(closed.isSuccess())));
                });
    }

    /** Reads 16 KiB every 2 ms to the end, and closes when it is told of the client's close_notify. */
    private static final class SlowReader extends ChannelInboundHandlerAdapter {

        private final BlockingQueue<Long> received;
        private long bytes;
        private boolean failed;

        SlowReader(BlockingQueue<Long> received) {
            this.received = received;
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
            failed = true;
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            received.add(failed ? -1 : bytes);
        }
    }
}

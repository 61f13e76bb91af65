package io.closenotify.testkit.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownOutcome;
import io.closenotify.ShutdownPolicy;
import io.closenotify.ShutdownResult;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testkit.PeerEvent.CloseNotify;
import io.closenotify.testkit.PeerEvent.Fin;
import io.closenotify.testkit.PeerEvent.Handshake;
import io.closenotify.testkit.ScriptedTlsPeer;
import io.closenotify.testkit.TestCertificate;
import io.closenotify.testkit.TlsScript;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** How does our server end a connection whose client does not read? */
@ExtendWith(LeakAndLogCheck.class)
class PeerThatNeverReadsTest {

    private final EventLoopGroup group = new NioEventLoopGroup(1);
    private final CompletableFuture<ShutdownOutcome> outcome = new CompletableFuture<>();

    @AfterEach
    void endGroup() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** The server under test: answers anything with so many bytes. */
    private InetSocketAddress server(int bytes) throws Exception {
        TestCertificate certificate = TestCertificate.localhost();
        SslContext ssl = SslContextBuilder.forServer(certificate.key(), certificate.certificate()).build();
        ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().flushTimeout(Duration.ofMillis(200)).build();
        return (InetSocketAddress) new ServerBootstrap().group(group).channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(ssl.newHandler(channel.alloc()),
                                TlsShutdownHandler.builder().policy(policy).build(), new Answer(bytes));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0).sync().channel().localAddress();
    }

    private final class Answer extends ChannelInboundHandlerAdapter {

        private final int bytes;

        Answer(int bytes) {
            this.bytes = bytes;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
            context.writeAndFlush(Unpooled.wrappedBuffer(new byte[bytes]));
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof ShutdownOutcome ended) {
                outcome.complete(ended);
            }
        }
    }

    @Test
    void its_close_notify_is_answered_though_it_does_not_read() throws Exception {
        TlsScript deaf = TlsScript.begin().handshake().closeNotify().awaitSignal("read").awaitCloseNotify().fin()
                .awaitEnd();
        try (ScriptedTlsPeer client = ScriptedTlsPeer.client(server(1)).play(deaf)) {
            assertThat(outcome.get(10, TimeUnit.SECONDS).result()).isEqualTo(ShutdownResult.CLEAN);
            client.signal("read");

            assertThat(client.report().get().events()).containsExactly(
                    new Handshake(), new CloseNotify(), new Fin());
        }
    }

    @Test
    void a_connection_that_takes_no_data_is_given_up() throws Exception {
        TlsScript stuck = TlsScript.begin().handshake().send("give me all").closeNotify().mark("stuck").stall();
        try (ScriptedTlsPeer client = ScriptedTlsPeer.client(server(50_000_000)).receiveBuffer(4_096).play(stuck)) {
            client.awaitMark("stuck");

            assertThat(outcome.get(10, TimeUnit.SECONDS).result()).isEqualTo(ShutdownResult.FLUSH_FAILED);
        }
    }
}

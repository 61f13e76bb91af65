package io.closenotify.examples.cli;

import io.closenotify.dtls.DtlsHandlerBuilder;
import io.closenotify.dtls.DtlsServerChannel;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;

/** A server by DTLS. */
final class DtlsServer extends Server {

    private DtlsServer(Binding binding, String host, int port, Log log) throws IOException {
        super(binding, host, port, log);
    }

    static DtlsServer start(DtlsHandlerBuilder handlers, Duration idleTimeout, App app,
            Consumer<? super ConnectionReport> reports, Log log, String host, int port) throws IOException {
        return new DtlsServer((loop, connections) -> new ServerBootstrap()
                .group(loop)
                // A source may send for long to a client that has nothing to say: both ends go by IdleShutdown.
                .channelFactory(DtlsServerChannel.builder(handlers).idleTimeout(Duration.ZERO).build())
                .option(ChannelOption.SO_RCVBUF, DtlsTransport.RECEIVE_BUFFER)
                .childHandler(new DtlsInitializer(connections, idleTimeout, app, reports, log))
                .bind(host, port), host, port, log);
    }

    @Override
    void refuse(Channel listener) {
        // The port stays open: the connections go on by it.
        ((DtlsServerChannel) listener).stopAccepting().awaitUninterruptibly();
    }

    @Override
    Connection connection(Channel channel) {
        return new DtlsConnection(channel);
    }

    @Override
    void release(Channel listener, long timeoutNanos) {
        // The connections linger by themselves, and were waited for.
        listener.close().awaitUninterruptibly();
    }
}

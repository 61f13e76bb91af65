package io.closenotify.examples.cli;

import io.closenotify.observe.ShutdownObserver;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.util.function.Consumer;

/** A server by TLS. */
final class TlsServer extends Server {

    private TlsServer(Binding binding, String host, int port, Log log) throws IOException {
        super(binding, host, port, log);
    }

    static TlsServer start(SslContext context, TlsTransport transport, App app,
            Consumer<? super ConnectionReport> reports, ShutdownObserver observer, Log log, String host, int port)
            throws IOException {
        return new TlsServer((loop, connections) -> new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .childHandler(new TlsInitializer(channel -> {
                    connections.accept(channel);
                    return context.newHandler(channel.alloc());
                }, transport, app, reports, observer, log))
                .bind(host, port), host, port, log);
    }

    @Override
    void refuse(Channel listener) {
        listener.close().awaitUninterruptibly();
    }

    @Override
    Connection connection(Channel channel) {
        return new TlsConnection(channel);
    }

    @Override
    void release(Channel listener, long timeoutNanos) {
        // The connections linger by themselves.
    }
}

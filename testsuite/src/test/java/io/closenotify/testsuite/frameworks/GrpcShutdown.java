package io.closenotify.testsuite.frameworks;

import io.closenotify.tls.TlsShutdownInstaller;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;

/** The recipe for gRPC: its builders take a factory of channels, if they are told the event loops, too. */
final class GrpcShutdown {

    private GrpcShutdown() {
    }

    // docs: begin grpc
    static NettyServerBuilder server(NettyServerBuilder builder, EventLoopGroup loops, TlsShutdownInstaller installer) {
        return builder.bossEventLoopGroup(loops).workerEventLoopGroup(loops)
                .channelFactory(() -> installer.addTo(new NioServerSocketChannel()));
    }

    static NettyChannelBuilder client(NettyChannelBuilder builder, EventLoopGroup loops,
            TlsShutdownInstaller installer) {
        return builder.eventLoopGroup(loops)
                .channelFactory(() -> installer.addTo(new NioSocketChannel()));
    }
    // docs: end grpc
}

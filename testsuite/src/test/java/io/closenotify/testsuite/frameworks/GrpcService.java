package io.closenotify.testsuite.frameworks;

import io.closenotify.testsuite.TestCertificate;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.closenotify.tls.TlsShutdownInstaller;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import javax.net.ssl.SSLException;

/** A gRPC server of two methods on plain bytes, and one client of it. */
final class GrpcService implements AutoCloseable {

    private static final EventLoopGroup LOOPS = new NioEventLoopGroup(4);
    private static final Marshaller<byte[]> BYTES = new Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    };
    private static final MethodDescriptor<byte[], byte[]> UNARY = method("Unary", MethodType.UNARY);
    private static final MethodDescriptor<byte[], byte[]> STREAM = method("Stream", MethodType.SERVER_STREAMING);

    private final Server server;
    private final Wire wire;
    private final ManagedChannel client;

    GrpcService(TlsSetup setup, BiConsumer<byte[], StreamObserver<byte[]>> application, Outcomes serverOutcomes,
            Outcomes clientOutcomes) throws IOException {
        TlsShutdownInstaller atServer = TlsShutdownInstaller.of(TlsShutdownHandler.builder(), serverOutcomes);
        TlsShutdownInstaller atClient = TlsShutdownInstaller.of(TlsShutdownHandler.builder(), clientOutcomes);
        NettyServerBuilder builder = NettyServerBuilder
                .forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sslContext(context(setup, SslContextBuilder.forServer(
                        TestCertificate.get().key(), TestCertificate.get().cert())))
                .addService(ServerServiceDefinition.builder("Test")
                        .addMethod(UNARY, ServerCalls.asyncUnaryCall(application::accept))
                        .addMethod(STREAM, ServerCalls.asyncServerStreamingCall(application::accept))
                        .build());
        server = GrpcShutdown.server(builder, LOOPS, atServer).build().start();
        wire = new Wire(server.getPort());
        client = GrpcShutdown.client(NettyChannelBuilder.forAddress(wire.address()), LOOPS, atClient)
                .overrideAuthority("localhost")
                .sslContext(context(setup, SslContextBuilder.forClient().trustManager(TestCertificate.get().cert())))
                .build();
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.newBuilder(BYTES, BYTES).setType(type).setFullMethodName("Test/" + name).build();
    }

    private static SslContext context(TlsSetup setup, SslContextBuilder builder) throws SSLException {
        return GrpcSslContexts.configure(builder, setup.provider()).protocols(setup.protocol()).build();
    }

    Wire wire() {
        return wire;
    }

    ManagedChannel client() {
        return client;
    }

    Server server() {
        return server;
    }

    static void later(Runnable task, long milliseconds) {
        LOOPS.next().schedule(task, milliseconds, TimeUnit.MILLISECONDS);
    }

    CompletableFuture<byte[]> unary(byte[] request) {
        Collector responses = new Collector();
        ClientCalls.asyncUnaryCall(client.newCall(UNARY, CallOptions.DEFAULT), request, responses);
        return responses.done.thenApply(all -> all.get(0));
    }

    CompletableFuture<List<byte[]>> stream(byte[] request) {
        Collector responses = new Collector();
        ClientCalls.asyncServerStreamingCall(client.newCall(STREAM, CallOptions.DEFAULT), request, responses);
        return responses.done;
    }

    @Override
    public void close() {
        client.shutdownNow();
        server.shutdownNow();
        wire.close();
    }

    private static final class Collector implements StreamObserver<byte[]> {

        private final List<byte[]> responses = new ArrayList<>();
        private final CompletableFuture<List<byte[]>> done = new CompletableFuture<>();

        @Override
        public void onNext(byte[] response) {
            responses.add(response);
        }

        @Override
        public void onError(Throwable failure) {
            done.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            done.complete(responses);
        }
    }
}

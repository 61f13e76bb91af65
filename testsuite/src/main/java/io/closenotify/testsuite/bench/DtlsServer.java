package io.closenotify.testsuite.bench;

import io.closenotify.ShutdownPolicy;
import io.closenotify.dtls.DtlsHandler;
import io.closenotify.dtls.DtlsServerChannel;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.handler.ssl.util.SelfSignedCertificate;
import io.netty.util.NettyRuntime;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.eclipse.californium.elements.RawData;
import org.eclipse.californium.elements.config.CertificateAuthenticationMode;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.scandium.DTLSConnector;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.eclipse.californium.scandium.config.DtlsConfig.DtlsRole;
import org.eclipse.californium.scandium.config.DtlsConnectorConfig;
import org.eclipse.californium.scandium.dtls.CertificateType;
import org.eclipse.californium.scandium.dtls.cipher.CipherSuite;
import org.eclipse.californium.scandium.dtls.cipher.XECDHECryptography.SupportedGroup;
import org.eclipse.californium.scandium.dtls.x509.SingleCertificateProvider;
import org.jspecify.annotations.Nullable;

/**
 * DTLS servers on loopback that send back what they are sent and answer close_notify, with a key on P-256 and as many
 * threads: one that receives, and one a processor for what takes long. There is no end to them but that of the process.
 * Scandium keeps a connection that both ends have closed until it wants the room.
 */
enum DtlsServer implements LoadServer {

    CLOSENOTIFY {
        @Override
        public Running start(SelfSignedCertificate certificate, Duration linger)
                throws GeneralSecurityException, IOException {
            ChannelGroup children = new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE);
            ShutdownPolicy policy = ShutdownPolicy.bidirectional().toBuilder().linger(linger).build();
            Channel server = new ServerBootstrap()
                    .group(new NioEventLoopGroup(1))
                    .channelFactory(DtlsServerChannel.builder(
                                    DtlsHandler.builder(context(certificate)).mtu(MTU).policy(policy)
                                            .taskExecutor(Executors.newFixedThreadPool(
                                                    NettyRuntime.availableProcessors())))
                            .maxClientHellosPerSecond(HELLOS_PER_SECOND)
                            .maxConnections(MOST_CONNECTIONS)
                            .idleTimeout(IDLE)
                            .build())
                    .option(ChannelOption.SO_RCVBUF, SOCKET_BUFFER)
                    .option(ChannelOption.SO_SNDBUF, SOCKET_BUFFER)
                    .childHandler(new ChannelInitializer<>() {
                        @Override
                        protected void initChannel(Channel child) {
                            children.add(child);
                            child.pipeline().addLast(Echo.INSTANCE);
                        }
                    })
                    .bind(InetAddress.getLoopbackAddress(), 0).syncUninterruptibly().channel();
            return new Running() {
                @Override
                public InetSocketAddress address() {
                    return (InetSocketAddress) server.localAddress();
                }

                @Override
                public void awaitLingerOver() {
                    children.newCloseFuture().awaitUninterruptibly(DEADLINE_SECONDS, TimeUnit.SECONDS);
                }
            };
        }
    },

    SCANDIUM {
        @Override
        public Running start(SelfSignedCertificate certificate, Duration linger) throws IOException {
            SCANDIUM_LOGGER.setLevel(Level.WARNING);
            DTLSConnector connector = new DTLSConnector(DtlsConnectorConfig.builder(new Configuration())
                    .setAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .setAsList(DtlsConfig.DTLS_CIPHER_SUITES, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
                    // In the order of the JDK.
                    .setAsList(DtlsConfig.DTLS_CURVES, SupportedGroup.X25519, SupportedGroup.secp256r1)
                    .set(DtlsConfig.DTLS_ROLE, DtlsRole.SERVER_ONLY)
                    .set(DtlsConfig.DTLS_CLIENT_AUTHENTICATION_MODE, CertificateAuthenticationMode.NONE)
                    .set(DtlsConfig.DTLS_MAX_TRANSMISSION_UNIT, MTU)
                    .set(DtlsConfig.DTLS_MAX_CONNECTIONS, MOST_CONNECTIONS)
                    .set(DtlsConfig.DTLS_RECEIVE_BUFFER_SIZE, SOCKET_BUFFER)
                    .set(DtlsConfig.DTLS_SEND_BUFFER_SIZE, SOCKET_BUFFER)
                    .set(DtlsConfig.DTLS_RECEIVER_THREAD_COUNT, 1)
                    .set(DtlsConfig.DTLS_CONNECTOR_THREAD_COUNT, NettyRuntime.availableProcessors())
                    .setCertificateIdentityProvider(new SingleCertificateProvider(certificate.key(),
                            new Certificate[] {certificate.cert()}, CertificateType.X_509))
                    .build());
            connector.setRawDataReceiver(data -> connector.send(
                    RawData.outbound(data.getBytes(), data.getEndpointContext(), null, false)));
            connector.start();
            return connector::getAddress;
        }
    };

    // Kept, for java.util.logging keeps loggers weakly.
    private static final Logger SCANDIUM_LOGGER = Logger.getLogger("org.eclipse.californium");
    private static final int MTU = 1_400;
    private static final int SOCKET_BUFFER = 4 << 20;
    private static final int MOST_CONNECTIONS = 100_000;
    private static final int HELLOS_PER_SECOND = 1_000_000;
    private static final Duration IDLE = Duration.ofMinutes(30);
    private static final long DEADLINE_SECONDS = 30;

    @Override
    public abstract Running start(SelfSignedCertificate certificate, Duration linger)
            throws GeneralSecurityException, IOException;

    private static SSLContext context(SelfSignedCertificate certificate) throws GeneralSecurityException, IOException {
        char[] password = new char[0];
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, password);
        keys.setKeyEntry("key", certificate.key(), password, new Certificate[] {certificate.cert()});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, password);
        SSLContext context = SSLContext.getInstance("DTLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    @Sharable
    private static final class Echo extends ChannelInboundHandlerAdapter {

        static final Echo INSTANCE = new Echo();

        @Override
        public void channelRead(ChannelHandlerContext context, @Nullable Object message) {
            context.write(message);
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) {
            context.flush();
        }
    }
}

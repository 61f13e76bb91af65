package io.closenotify.testsuite.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.closenotify.ShutdownPolicy;
import io.closenotify.testkit.LeakAndLogCheck;
import io.closenotify.testsuite.TlsSetup;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jol.info.ClassLayout;

/** What the handler costs a connection that is not being shut down, by Netty's own mask of who is called for what. */
@ExtendWith(LeakAndLogCheck.class)
class SteadyStateTest {

    private static final List<String> HOT = List.of(
            "MASK_CHANNEL_READ", "MASK_READ", "MASK_WRITE", "MASK_FLUSH", "MASK_CHANNEL_WRITABILITY_CHANGED");

    static List<TlsSetup> setups() {
        return TlsSetup.all();
    }

    @Test
    void the_handler_is_not_called_for_reads_writes_and_flushes() throws Throwable {
        assertThat(hot(TlsShutdownHandler.class)).isEmpty();
        assertThat(calledFor(TlsShutdownHandler.class, "MASK_CHANNEL_READ_COMPLETE")).isFalse();
        assertThat(calledFor(TlsShutdownHandler.class, "MASK_CLOSE")).as("the mask can tell").isTrue();
        assertThat(hot(SslHandler.class)).as("the mask can tell").hasSize(HOT.size() - 1);
    }

    @ParameterizedTest
    @MethodSource("setups")
    void nothing_else_of_ours_is_either_and_boring_ssl_costs_one_call_a_batch(TlsSetup setup) throws Throwable {
        Recorder application = new Recorder();
        try (EmbeddedTlsPair pair = new EmbeddedTlsPair(setup, true, ShutdownPolicy.fast(), application)) {
            Set<Class<?>> others = pair.ours.pipeline().toMap().values().stream().map(ChannelHandler::getClass)
                    .filter(type -> type != TlsShutdownHandler.class && type != Recorder.class
                            && type != SslHandler.class)
                    .collect(Collectors.toSet());
            assertThat(others).hasSize(setup.boringSsl() ? 1 : 0);
            for (Class<?> other : others) {
                assertThat(hot(other.asSubclass(ChannelHandler.class))).isEmpty();
                assertThat(calledFor(other.asSubclass(ChannelHandler.class), "MASK_CHANNEL_READ_COMPLETE")).isTrue();
            }
            assertThat(pair.ours.runScheduledPendingTasks()).as("no timer").isEqualTo(-1);
            pair.ours.pipeline().close();
            pair.takeFromUs().release();
            pair.advance(PeerBehaviour.atMost());
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void an_idle_connection_holds_160_bytes_more_and_248_with_boring_ssl(TlsSetup setup) throws Exception {
        ShutdownPolicy policy = ShutdownPolicy.bidirectional();
        try (EmbeddedTlsPair one = new EmbeddedTlsPair(setup, setup, true, policy, new Recorder());
                EmbeddedTlsPair another = new EmbeddedTlsPair(setup, setup, true, policy, new Recorder())) {
            Set<Object> held = heldByUs(one.ours.pipeline());
            held.removeAll(heldByUs(another.ours.pipeline()));
            assertThat(held.stream().mapToLong(object -> ClassLayout.parseInstance(object).instanceSize()).sum())
                    .as("%s", held).isEqualTo(setup.boringSsl() ? 248 : 160);
            for (EmbeddedTlsPair pair : List.of(one, another)) {
                pair.handler.abort();
            }
        }
    }

    /** The contexts of our handlers, and what these reach through fields of ours. */
    private static Set<Object> heldByUs(ChannelPipeline pipeline) throws IllegalAccessException {
        Set<Object> held = Collections.newSetFromMap(new IdentityHashMap<>());
        for (ChannelHandler handler : pipeline.toMap().values()) {
            if (handler.getClass().getPackage() == TlsShutdownHandler.class.getPackage()) {
                held.add(pipeline.context(handler));
                hold(handler, held);
            }
        }
        return held;
    }

    private static void hold(@Nullable Object object, Set<Object> held) throws IllegalAccessException {
        boolean isThereWithoutUs = object == null || object instanceof ChannelHandlerContext
                || object instanceof SslHandler || object instanceof SSLEngine;
        if (isThereWithoutUs || !held.add(object)) {
            return;
        }
        for (Class<?> type = object.getClass(); type.getName().startsWith("io.closenotify.");
                type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    field.setAccessible(true);
                    hold(field.get(object), held);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("setups")
    void the_application_protocol_stays_visible(TlsSetup setup) throws Exception {
        // Stock: wrapping the engine hides it.
        ApplicationProtocolConfig alpn = new ApplicationProtocolConfig(Protocol.ALPN,
                SelectorFailureBehavior.NO_ADVERTISE, SelectedListenerFailureBehavior.ACCEPT, "h2");
        SslContext client = SslContextBuilder.forClient().sslProvider(setup.provider()).protocols(setup.protocol())
                .trustManager(InsecureTrustManagerFactory.INSTANCE).endpointIdentificationAlgorithm(null)
                .applicationProtocolConfig(alpn).build();
        SslContext server = SslContextBuilder.forServer(TlsSetup.sharedCertificate().certificate(),
                TlsSetup.sharedCertificate().privateKey()).applicationProtocolConfig(alpn).build();
        SslHandler ssl = client.newHandler(ByteBufAllocator.DEFAULT);
        try (EmbeddedTlsPair pair = new EmbeddedTlsPair(ssl, server.newHandler(ByteBufAllocator.DEFAULT), true,
                ShutdownPolicy.fast(), new Recorder())) {
            assertThat(ssl.applicationProtocol()).isEqualTo("h2");
            pair.ours.pipeline().close();
            pair.takeFromUs().release();
            pair.advance(PeerBehaviour.atMost());
        }
    }

    private static List<String> hot(Class<? extends ChannelHandler> type) {
        return HOT.stream().filter(event -> calledFor(type, event)).toList();
    }

    private static boolean calledFor(Class<? extends ChannelHandler> type, String event) {
        try {
            Class<?> masks = Class.forName("io.netty.channel.ChannelHandlerMask");
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(masks, MethodHandles.lookup());
            MethodHandle mask = lookup.findStatic(masks, "mask", MethodType.methodType(int.class, Class.class));
            int bit = (int) lookup.findStaticGetter(masks, event, int.class).invoke();
            return ((int) mask.invoke(type) & bit) != 0;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}

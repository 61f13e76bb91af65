package io.closenotify.observe;

import io.closenotify.ShutdownFuture;
import io.closenotify.tls.TlsShutdownHandler;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContextBuilder;

/** The program of {@link BareRuntimeTest}. */
final class BareRuntime {

    private BareRuntime() {
    }

    public static void main(String[] arguments) throws Exception {
        for (String name : new String[] {"jdk.jfr.Event", "io.micrometer.core.instrument.MeterRegistry"}) {
            try {
                Class.forName(name);
                System.out.print("present: " + name + ' ');
            } catch (ClassNotFoundException e) {
                System.out.print("absent ");
            }
        }
        ShutdownObserver observer = new ShutdownObserver() {
        };
        TlsShutdownHandler handler = TlsShutdownHandler.builder().observer(observer).build();
        EmbeddedChannel channel = new EmbeddedChannel(
                SslContextBuilder.forClient().build().newHandler(ByteBufAllocator.DEFAULT), handler);
        ShutdownFuture future = handler.abort();
        System.out.println(future.outcome().result());
        channel.finishAndReleaseAll();
    }
}

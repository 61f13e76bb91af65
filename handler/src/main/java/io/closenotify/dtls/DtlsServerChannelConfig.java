package io.closenotify.dtls;

import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelOption;
import io.netty.channel.DefaultChannelConfig;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hands the options of the server channel on to its socket, but for the accepting of associations. */
final class DtlsServerChannelConfig extends DefaultChannelConfig {

    private final ChannelConfig socket;

    DtlsServerChannelConfig(DtlsServerChannel channel, ChannelConfig socket) {
        super(channel);
        this.socket = socket;
    }

    @Override
    public Map<ChannelOption<?>, Object> getOptions() {
        Map<ChannelOption<?>, Object> options = new HashMap<>(super.getOptions());
        options.putAll(socket.getOptions());
        options.put(ChannelOption.AUTO_READ, isAutoRead());
        return options;
    }

    @Override
    public <T> @Nullable T getOption(ChannelOption<T> option) {
        T ofSocket = option.equals(ChannelOption.AUTO_READ) ? null : socket.getOption(option);
        return ofSocket == null ? super.getOption(option) : ofSocket;
    }

    @Override
    public <T> boolean setOption(ChannelOption<T> option, T value) {
        if (option.equals(ChannelOption.AUTO_READ)) {
            return super.setOption(option, value);
        }
        boolean own = super.setOption(option, value);
        return socket.setOption(option, value) || own;
    }
}

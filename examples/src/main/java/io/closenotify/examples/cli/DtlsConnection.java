package io.closenotify.examples.cli;

import io.closenotify.dtls.DtlsHandler;
import io.netty.channel.Channel;

/** A connection by DTLS. */
record DtlsConnection(Channel channel) implements Connection {

    @Override
    public void abort() {
        DtlsHandler dtls = channel.pipeline().get(DtlsHandler.class);
        if (dtls != null) {
            dtls.abort();
        }
    }
}

package io.closenotify.tls;

import io.netty.channel.Channel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;

/** Asks the kernel whether everything sent, FIN included, was acknowledged; only epoll's channels can tell. */
final class TransportAcknowledgements {

    /** {@code TCP_FIN_WAIT1} of Linux's tcp_states.h: our FIN has yet to be acknowledged, and all before it may. */
    private static final int FIN_WAIT_1 = 4;

    private static final boolean EPOLL_ON_CLASS_PATH = epollOnClassPath();

    private TransportAcknowledgements() {
    }

    private static boolean epollOnClassPath() {
        try {
            Class.forName("io.netty.channel.epoll.EpollSocketChannel", false,
                    TransportAcknowledgements.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    static boolean canTell(Channel channel) {
        return EPOLL_ON_CLASS_PATH && Epoll.canTell(channel);
    }

    /** Only for channels that {@linkplain #canTell can tell}, after their output was shut down. */
    static boolean complete(Channel channel) {
        return Epoll.complete(channel);
    }

    /** Loaded only where the classes are. */
    private static final class Epoll {

        static boolean canTell(Channel channel) {
            return channel instanceof EpollSocketChannel;
        }

        static boolean complete(Channel channel) {
            EpollTcpInfo info = ((EpollSocketChannel) channel).tcpInfo();
            // tcpi_unacked counts segments in flight but not what a closed window still holds back; the FIN comes last,
            // so that its acknowledgement covers both.
            return info.unacked() == 0 && info.state() != FIN_WAIT_1;
        }
    }
}

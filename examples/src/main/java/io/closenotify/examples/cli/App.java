package io.closenotify.examples.cli;

import io.netty.channel.ChannelPipeline;

/** What is done with the application data of a connection. */
@FunctionalInterface
interface App {

    /** Adds the application's handlers at the end of the pipeline. */
    void install(ChannelPipeline pipeline);
}

package io.closenotify.testsuite.bench;

/** How much is done for a figure. */
enum Effort {

    /** What is told. */
    FULL,

    /** The same in little, to see that it works; its figures say nothing. */
    QUICK;

    <T> T of(T full, T quick) {
        return this == FULL ? full : quick;
    }
}

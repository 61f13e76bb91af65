package io.closenotify.drain;

/**
 * Is told how a drain gets on.
 *
 * <p><b>Threading.</b> Called on the executor of the drain, one call at a time: what takes long there holds the drain
 * up. What it throws is logged, and the drain goes on.
 */
@FunctionalInterface
public interface DrainListener {

    /**
     * Called when the shutdowns begin, at every interval after that, and at the end.
     *
     * @param progress how far the drain is
     */
    void progress(DrainProgress progress);
}

package io.closenotify.examples.probe;

/** Audits peers by one protocol. */
public interface Prober {

    /**
     * Audits one peer and blocks meanwhile, within bounds. Several may be audited at the same time, from several
     * threads.
     *
     * @return the report, which tells also if the peer could not be audited
     */
    ProbeReport audit(String host, int port) throws InterruptedException;
}

package io.closenotify.examples.cli;

import java.util.Objects;
import picocli.CommandLine.IVersionProvider;

/** The version, which the manifest of the jar tells. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        return new String[] {"closenotify " + Objects.requireNonNullElse(
                Version.class.getPackage().getImplementationVersion(), "(not from a jar)")};
    }
}

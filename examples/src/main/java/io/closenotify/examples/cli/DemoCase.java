package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import org.jspecify.annotations.Nullable;

/**
 * One combination to demonstrate.
 *
 * @param mode the mode that the client shuts down in
 * @param variant what else is peculiar about it, or {@code null}
 * @param resumes whether a second connection must resume the session of the first
 */
record DemoCase(Protocol protocol, String version, String provider, String mode, @Nullable String variant,
        Transport server, App serverApp, Transport client, App clientApp, boolean resumes,
        DemoSpecification specification) {
}

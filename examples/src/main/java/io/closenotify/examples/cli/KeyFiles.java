package io.closenotify.examples.cli;

import java.io.File;

/** A certificate chain and its private key, both in PEM. */
record KeyFiles(File certificate, File key) {
}

/**
 * What the performance report is made of, and how it is written: as Markdown for people, as SVG to look at, as JSON for
 * programs. Knows nothing of what was measured.
 */
@NullMarked
package io.closenotify.testsuite.report;

import org.jspecify.annotations.NullMarked;

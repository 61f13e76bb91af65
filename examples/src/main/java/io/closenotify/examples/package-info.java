/** One short example a policy, and one for each protocol whose connections outlive TLS. */
@NullMarked
package io.closenotify.examples;

import org.jspecify.annotations.NullMarked;

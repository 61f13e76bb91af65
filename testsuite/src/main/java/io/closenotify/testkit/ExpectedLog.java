package io.closenotify.testkit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Warnings and leak reports that contain one of these texts are no failure; see {@link LeakAndLogCheck}. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface ExpectedLog {

    /**
     * Names what is expected.
     *
     * @return parts of the lines
     */
    String[] value();
}

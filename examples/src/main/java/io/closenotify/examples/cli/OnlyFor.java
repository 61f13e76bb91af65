package io.closenotify.examples.cli;

import io.closenotify.Protocol;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The options of the annotated class have a meaning for these protocols only. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface OnlyFor {

    Protocol[] value();
}

package io.closenotify.driver;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Names of alerts in the messages of engines, which offer them in no other way. For people only. */
public final class AlertNames {

    public static final String CLOSE_NOTIFY = "close_notify";

    /** The JDK's "Received fatal alert: bad_record_mac" and "(bad_record_mac) Tag mismatch". */
    private static final Pattern JDK = Pattern.compile("Received fatal alert: ([a-z_]+)|^\\(([a-z_]+)\\)");

    /** BoringSSL's "…:SSLV3_ALERT_BAD_RECORD_MAC" and "…:TLSV1_ALERT_DECODE_ERROR". */
    private static final Pattern BORING_SSL = Pattern.compile("(?:SSLV3|TLSV1)_ALERT_([A-Z0-9_]+)");

    private AlertNames() {
    }

    public static @Nullable String in(Throwable failure) {
        String message = failure.getMessage();
        if (message == null) {
            return null;
        }
        Matcher jdk = JDK.matcher(message);
        if (jdk.find()) {
            return jdk.group(1) != null ? jdk.group(1) : jdk.group(2);
        }
        Matcher boringSsl = BORING_SSL.matcher(message);
        return boringSsl.find() ? boringSsl.group(1).toLowerCase(Locale.ROOT) : null;
    }
}

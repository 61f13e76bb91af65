package io.closenotify.examples.cli;

import java.net.URI;
import java.net.URISyntaxException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Where to connect to. An IPv6 address stands in brackets on the command line, without them in {@code host}. */
record HostAndPort(String host, int port) {

    @Override
    public String toString() {
        return host.indexOf(':') < 0 ? host + ':' + port : '[' + host + "]:" + port;
    }

    static final class Converter implements ITypeConverter<HostAndPort> {

        @Override
        public HostAndPort convert(String value) {
            try {
                URI uri = new URI("tls://" + value);
                String host = uri.getHost();
                boolean nothingElse = uri.getRawUserInfo() == null && uri.getRawPath().isEmpty()
                        && uri.getRawQuery() == null && uri.getRawFragment() == null;
                if (host != null && nothingElse && uri.getPort() >= 1 && uri.getPort() <= 65535) {
                    boolean bracketed = host.startsWith("[");
                    return new HostAndPort(bracketed ? host.substring(1, host.length() - 1) : host, uri.getPort());
                }
            } catch (URISyntaxException e) {
                // Told below, as other mistakes are.
            }
            throw new TypeConversionException(value + " (expected: HOST:PORT, the port 1 to 65535)");
        }
    }
}

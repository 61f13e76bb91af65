package io.closenotify.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A self-signed certificate for {@code localhost}, {@code 127.0.0.1} and {@code ::1} with its key (RSA, 2048 bits),
 * as objects, as PEM files and as contexts that use or trust it.
 *
 * <p>It is made by the {@code keytool} of the running JDK, once a JVM, and needs no library; it was valid since
 * yesterday and is for 30 days. The files are deleted when the JVM ends.
 *
 * <p><b>Threading.</b> Immutable; all methods may be called from any thread.
 */
public final class TestCertificate {

    private static final char[] PASSWORD = "changeit".toCharArray();
    private static final String ALIAS = "localhost";
    private static final int KEYTOOL_SECONDS = 60;

    private static @Nullable TestCertificate localhost;

    private final KeyStore store;
    private final PrivateKey key;
    private final X509Certificate certificate;
    private final Path keyFile;
    private final Path certificateFile;

    private TestCertificate(Path folder) throws IOException, GeneralSecurityException, InterruptedException {
        Path keystore = folder.resolve("keystore.p12");
        generate(keystore);
        store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keystore)) {
            store.load(in, PASSWORD);
        }
        Files.delete(keystore);
        key = (PrivateKey) store.getKey(ALIAS, PASSWORD);
        certificate = (X509Certificate) store.getCertificate(ALIAS);
        keyFile = writePem(folder.resolve("key.pem"), "PRIVATE KEY", key.getEncoded());
        certificateFile = writePem(folder.resolve("certificate.pem"), "CERTIFICATE", certificate.getEncoded());
        for (Path path : List.of(folder, keyFile, certificateFile)) {
            path.toFile().deleteOnExit();
        }
    }

    /**
     * Returns the certificate of this JVM; the first call makes it, which takes about a second.
     *
     * @return the certificate
     * @throws IllegalStateException if {@code keytool} could not make it
     */
    public static synchronized TestCertificate localhost() {
        TestCertificate made = localhost;
        if (made == null) {
            made = create();
            localhost = made;
        }
        return made;
    }

    /**
     * Returns the key.
     *
     * @return the private key
     */
    public PrivateKey key() {
        return key;
    }

    /**
     * Returns the certificate.
     *
     * @return the certificate, its own issuer
     */
    public X509Certificate certificate() {
        return certificate;
    }

    /**
     * Returns the key for programs that read it from a file.
     *
     * @return a PEM file (PKCS #8, not encrypted)
     */
    public Path keyFile() {
        return keyFile;
    }

    /**
     * Returns the certificate for programs that read it from a file.
     *
     * @return a PEM file
     */
    public Path certificateFile() {
        return certificateFile;
    }

    /**
     * Returns a new context of the JDK for either side of TLS: it presents this certificate and trusts no other.
     *
     * @return a context with a session cache of its own
     */
    public SSLContext sslContext() {
        return sslContext("TLS");
    }

    /**
     * Returns a new context of the JDK for either side: it presents this certificate and trusts no other.
     *
     * @param protocol {@code TLS}, {@code DTLS}, or another name that {@link SSLContext#getInstance(String)} knows
     * @return a context with a session cache of its own
     * @throws IllegalStateException if there is no such protocol
     */
    public SSLContext sslContext(String protocol) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD);
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry(ALIAS, certificate);
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance(protocol);
            context.init(keys.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("protocol: " + protocol, e);
        }
    }

    private static void generate(Path keystore) throws IOException, InterruptedException {
        Path log = keystore.resolveSibling("keytool.log");
        Process keytool = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair",
                "-alias", ALIAS, "-keyalg", "RSA", "-keysize", "2048", "-dname", "CN=localhost",
                "-ext", "SAN=dns:localhost,ip:127.0.0.1,ip:::1", "-startdate", "-1d", "-validity", "31",
                "-storetype", "PKCS12", "-keystore", keystore.toString(), "-storepass", new String(PASSWORD))
                .redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            if (!keytool.waitFor(KEYTOOL_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("keytool: not done within " + KEYTOOL_SECONDS + " s");
            }
            if (keytool.exitValue() != 0) {
                throw new IOException("keytool: " + Files.readString(log).strip());
            }
        } finally {
            keytool.destroyForcibly();
            Files.delete(log);
        }
    }

    private static Path writePem(Path file, String label, byte[] encoded) throws IOException {
        byte[] newLine = "\n".getBytes(StandardCharsets.US_ASCII);
        return Files.writeString(file, "-----BEGIN " + label + "-----\n"
                + Base64.getMimeEncoder(64, newLine).encodeToString(encoded) + "\n-----END " + label + "-----\n");
    }

    private static TestCertificate create() {
        try {
            return new TestCertificate(Files.createTempDirectory("closenotify-testkit"));
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException("no certificate for localhost", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while keytool was at work", e);
        }
    }
}

package io.closenotify.testsuite.probe;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The system's Chromium, without a window, and nothing that Selenium would download. */
final class Browser implements AutoCloseable {

    static final String CHROMIUM = "chromium";
    static final String DRIVER = "chromedriver";

    private static final Pattern REQUEST = Pattern.compile(
            "\"method\":\"Network\\.requestWillBeSent\".*?\"request\":\\{.*?\"url\":\"([^\"]*)\"");

    // It warns that it has no bindings for DevTools of this very version: none are used. Kept, as loggers are weak.
    private static final Logger LOGGER = Logger.getLogger("org.openqa.selenium");

    private final ChromeDriver driver;
    private final String checks;

    Browser() throws IOException {
        LOGGER.setLevel(Level.SEVERE);
        checks = resource("/page_checks.js");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(onPath(CHROMIUM));
        // Root in a container has neither a sandbox nor much shared memory.
        options.addArguments("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu");
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        options.setPageLoadTimeout(Duration.ofSeconds(30));
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(onPath(DRIVER))
                .usingAnyFreePort()
                .withLogOutput(OutputStream.nullOutputStream())
                .build();
        driver = new ChromeDriver(service, options);
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Browser.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static File onPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst().orElseThrow().toFile();
    }

    void open(Path page, int width, String colorScheme) {
        command("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 800, "deviceScaleFactor", 1, "mobile", width < 600));
        show("screen", colorScheme);
        driver.get(page.toUri().toString());
    }

    void show(String media, String colorScheme) {
        command("Emulation.setEmulatedMedia", Map.of("media", media,
                "features", List.of(Map.of("name", "prefers-color-scheme", "value", colorScheme))));
    }

    Map<String, Object> command(String method, Map<String, Object> parameters) {
        return driver.executeCdpCommand(method, parameters);
    }

    /** Runs one of {@code page_checks.js}. */
    @SuppressWarnings("unchecked")
    List<Object> wrong(String check) {
        return (List<Object>) run(checks + "return checks." + check + "();");
    }

    double paper() {
        return ((Number) run(checks + "return checks.paper();")).doubleValue();
    }

    Object run(String script) {
        return Objects.requireNonNullElse(driver.executeScript(script), "nothing");
    }

    List<String> texts(String selector) {
        return driver.findElements(By.cssSelector(selector)).stream().map(element -> element.getText()).toList();
    }

    void click(String selector) {
        driver.findElement(By.cssSelector(selector)).click();
    }

    /** The tree that screen readers are given: role and name of each node. */
    @SuppressWarnings("unchecked")
    List<Map.Entry<String, String>> accessibleNodes() {
        List<Map<String, Object>> nodes =
                (List<Map<String, Object>>) command("Accessibility.getFullAXTree", Map.of()).get("nodes");
        return nodes.stream()
                .filter(node -> !Boolean.TRUE.equals(node.get("ignored")))
                .map(node -> Map.entry(value(node, "role"), value(node, "name")))
                .toList();
    }

    @SuppressWarnings("unchecked")
    private static String value(Map<String, Object> node, String property) {
        Object found = node.get(property);
        return found == null ? "" : Objects.toString(((Map<String, Object>) found).get("value"), "");
    }

    /** What the console has said since the last call. */
    List<String> console() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream().map(LogEntry::getMessage).toList();
    }

    /** What was asked for over the network, or from files, since the last call. */
    List<String> requests() {
        return driver.manage().logs().get(LogType.PERFORMANCE).getAll().stream()
                .map(entry -> REQUEST.matcher(entry.getMessage()))
                .filter(matcher -> matcher.find())
                .map(matcher -> matcher.group(1))
                .toList();
    }

    @Override
    public void close() {
        driver.quit();
    }
}

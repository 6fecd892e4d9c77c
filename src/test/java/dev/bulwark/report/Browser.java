package dev.bulwark.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A headless Chromium with one page, spoken to in its DevTools protocol: as much of it as these tests need. */
final class Browser implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome",
            "google-chrome-stable");
    private static final String LISTENING = "DevTools listening on ";

    private final Process process;
    private final Path profile;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private int questions;

    private Browser(Process process, Path profile, URI page) {
        this.process = process;
        this.profile = profile;
        this.socket = HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(page, new Listener()).join();
        List.of("Page.enable", "Runtime.enable", "Log.enable").forEach(method -> ask(method, Map.of()));
    }

    /** The first browser on the PATH. */
    static Optional<Path> find() {
        return NAMES.stream().flatMap(name -> Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable).findFirst();
    }

    /** @throws IOException if the program ends, or does not listen */
    static Browser start(Path program) throws IOException, InterruptedException {
        Path profile = Files.createTempDirectory("bulwark-browser");
        Process process = new ProcessBuilder(program.toString(), "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--window-size=1000,900", "--remote-debugging-port=0", "--user-data-dir="
                        + profile,
                "about:blank").redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try {
            URI devTools = CompletableFuture.supplyAsync(() -> address(process.errorReader()))
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            URI newPage = URI.create("http://127.0.0.1:" + devTools.getPort() + "/json/new?about:blank");
            String page = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(newPage).PUT(HttpRequest.BodyPublishers.noBody()).build(),
                    BodyHandlers.ofString()).body();
            return new Browser(process, profile, URI.create(JSON.readTree(page).path("webSocketDebuggerUrl").asText()));
        } catch (ExecutionException | TimeoutException | RuntimeException e) {
            process.destroyForcibly();
            throw new IOException(program + " did not start: " + e.getMessage(), e);
        }
    }

    /**
     * What the browser prints once it accepts connections. What it prints later is dropped, so that it does not block on it.
     */
    private static URI address(BufferedReader errors) {
        try {
            for (String line = errors.readLine(); line != null; line = errors.readLine()) {
                if (line.startsWith(LISTENING)) {
                    CompletableFuture.runAsync(() -> errors.lines().forEach(ignored -> { }));
                    return URI.create(line.substring(LISTENING.length()).strip());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("it ended at once");
    }

    void open(Path page) {
        complaints.clear();
        ask("Page.navigate", Map.of("url", page.toUri().toString()));
        await("location.protocol === 'file:' && document.readyState === 'complete'");
    }

    /** The value of an expression, as JSON. */
    JsonNode evaluate(String expression) {
        JsonNode answer = ask("Runtime.evaluate",
                Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
        if (answer.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + answer.get("exceptionDetails"));
        }
        return answer.path("result").path("value");
    }

    String text(String selector) {
        return evaluate("document.querySelector('" + selector + "').textContent").asText();
    }

    /** Waits until an expression is true. */
    void await(String condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!evaluate(condition).asBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("never became true: " + condition);
            }
            Thread.onSpinWait();
        }
    }

    /** Points at an element, at shares of its width and height, having scrolled it into view. */
    void hover(String selector, double across, double down) {
        mouse("mouseMoved", selector, across, down);
    }

    void click(String selector) {
        mouse("mousePressed", selector, 0.5, 0.5);
        mouse("mouseReleased", selector, 0.5, 0.5);
    }

    void press(String key) {
        for (String type : List.of("keyDown", "keyUp")) {
            ask("Input.dispatchKeyEvent", Map.of("type", type, "key", key, "code", key));
        }
    }

    /** A phone or a desktop, light or dark. */
    void look(int width, boolean dark) {
        ask("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 500));
        ask("Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    /** Errors and warnings since the page was opened: exceptions, the console, refused loads. */
    List<String> complaints() {
        evaluate("new Promise(done => setTimeout(done, 50))"); // what was on its way has arrived then
        return new ArrayList<>(complaints);
    }

    @Override
    public void close() {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            clear(profile);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Not left to JUnit, which warns of the links that a browser leaves. */
    private static void clear(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            // A file too many in the system's folder for such files: no reason to fail.
        }
    }

    private void mouse(String type, String selector, double across, double down) {
        JsonNode box = evaluate("(() => { const e = document.querySelector('" + selector + "'); "
                + "e.scrollIntoView({block: 'center', behavior: 'instant'}); const b = e.getBoundingClientRect(); "
                + "return [b.x, b.y, b.width, b.height]; })()");
        ask("Input.dispatchMouseEvent", Map.of("type", type, "button", type.equals("mouseMoved") ? "none"
                : "left", "clickCount", 1,
                "x", box.get(0).asDouble() + across * box.get(2).asDouble(), "y", box.get(1).asDouble()
                        + down * box.get(3).asDouble()));
    }

    private JsonNode ask(String method, Map<String, ?> parameters) {
        int id = ++questions;
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        asked.put(id, answer);
        ObjectNode question = JSON.createObjectNode().put("id", id).put("method", method);
        question.set("params", JSON.valueToTree(parameters));
        socket.sendText(question.toString(), true);
        JsonNode said = answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        if (said.has("error")) {
            throw new AssertionError(method + ": " + said.get("error"));
        }
        return said.path("result");
    }

    private void hear(JsonNode message) {
        JsonNode parameters = message.path("params");
        String kind = parameters.path("type").asText() + parameters.path("entry").path("level").asText();
        switch (message.path("method").asText()) {
            case "" -> asked.remove(message.path("id").asInt()).complete(message);
            case "Runtime.exceptionThrown" -> complaints.add(parameters.toString());
            case "Runtime.consoleAPICalled", "Log.entryAdded" -> {
                if (kind.matches("error|warning|assert")) {
                    complaints.add(parameters.toString());
                }
            }
            default -> { }
        }
    }

    private final class Listener implements WebSocket.Listener {

        private final StringBuilder message = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            message.append(part);
            if (last) {
                try {
                    hear(JSON.readTree(message.toString()));
                } catch (IOException e) {
                    complaints.add(e.toString());
                }
                message.setLength(0);
            }
            from.request(1);
            return null;
        }
    }
}

package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A published data set of 30 training and 20 test images stands in for MNIST. */
@Timeout(60)
class MnistLocatorTest {

    private static final int TRAIN = 30;
    private static final int TEST = 20;
    private static final Set<Split> BOTH = EnumSet.allOf(Split.class);
    private static final Function<MnistFile, String> DIGESTS = file -> digest(content(file));

    @TempDir
    private Path root;

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private HttpServer server;
    private ExecutorService threads;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        handle("good", (exchange, packed) -> send(exchange, packed, packed.length));
        handle("broken", (exchange, packed) -> exchange.sendResponseHeaders(500, -1));
        handle("short", (exchange, packed) -> send(exchange, packed, packed.length / 2));
        handle("cut", (exchange, packed) -> {
            byte[] half = IdxBytes.resized(packed, packed.length / 2);
            send(exchange, half, half.length);
        });
        handle("wrong", (exchange, packed) -> {
            byte[] other = IdxBytes.gzip(
                    exchange.getRequestURI().getPath().contains("idx3") ? IdxBytes.images(5) : IdxBytes.labels(5));
            send(exchange, other, other.length);
        });
        handle("stall", (exchange, packed) -> {
            exchange.sendResponseHeaders(200, packed.length);
            exchange.getResponseBody().write(packed, 0, packed.length / 2);
            exchange.getResponseBody().flush();
            stalled.countDown();
            await(release);
        });
        server.start();
    }

    @AfterEach
    void stop() {
        release.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void givenANamedFolderOfPublishedFiles_whenLocated_thenItIsVerifiedMnist() throws IOException {
        Path folder = folderOf("named", TRAIN, TEST);
        Located.Found found = found(locator(Optional.of(folder)).locate(BOTH));
        assertEquals(folder, found.folder());
        assertEquals(TRAIN, found.dataset(Split.TRAIN).size());
        assertEquals(TEST, found.dataset(Split.TEST).size());
        assertEquals("mnist", found.dataset(Split.TEST).name());
        assertTrue(found.dataset(Split.TEST).verified());
    }

    @Test
    void givenANamedFolderOfOtherImages_whenLocated_thenTheyAreCustom() throws IOException {
        Located.Found found = found(locator(Optional.of(folderOf("own", 7, 3))).locate(BOTH));
        assertEquals("custom", found.dataset(Split.TRAIN).name());
        assertFalse(found.dataset(Split.TRAIN).verified());
        assertEquals(3, found.dataset(Split.TEST).size());
    }

    @Test
    void givenOnePublishedAndOneOtherSplit_whenLocated_thenBothAreCustom() throws IOException {
        Located.Found found = found(locator(Optional.of(folderOf("mixed", TRAIN, 3))).locate(BOTH));
        assertEquals("custom", found.dataset(Split.TRAIN).name());
        assertEquals("custom", found.dataset(Split.TEST).name());
    }

    @Test
    void givenPlainAndDottedNames_whenLocated_thenTheyAreFound() throws IOException {
        Path folder = Files.createDirectory(root.resolve("dotted"));
        Files.write(folder.resolve("t10k-images.idx3-ubyte"), content(MnistFile.TEST_IMAGES));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), content(MnistFile.TEST_LABELS));
        Located.Found found = found(locator(Optional.of(folder)).locate(Set.of(Split.TEST)));
        assertEquals("mnist", found.dataset(Split.TEST).name());
        assertThrows(IllegalArgumentException.class, () -> found.dataset(Split.TRAIN));
    }

    @Test
    void givenANamedFolderThatIsMissing_whenLocated_thenNothingElseIsTried() throws IOException {
        folderOf("cache", TRAIN, TEST);
        DataException refusal = assertThrows(DataException.class,
                () -> locator(Optional.of(root.resolve("absent")), "good").locate(BOTH));
        assertEquals(root.resolve("absent") + ": no such folder", refusal.getMessage());
        assertTrue(asked.isEmpty());
    }

    @Test
    void givenANamedFolderWithoutLabels_whenLocated_thenTheMissingFileIsNamed() throws IOException {
        Path folder = folderOf("named", TRAIN, TEST);
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte.gz"));
        DataException refusal =
                assertThrows(DataException.class, () -> locator(Optional.of(folder), "good").locate(BOTH));
        assertEquals(folder + ": holds neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz",
                refusal.getMessage());
    }

    @Test
    void givenAMalformedFileInANamedFolder_whenLocated_thenRefused() throws IOException {
        Path folder = folderOf("named", TRAIN, TEST);
        Files.write(folder.resolve("train-labels-idx1-ubyte.gz"), new byte[0]);
        assertThrows(DataException.class, () -> locator(Optional.of(folder), "good").locate(BOTH));
    }

    @Test
    void givenTwoUsableFolders_whenLocated_thenTheFirstIsTaken() throws IOException {
        folderOf("first", TRAIN, TEST);
        folderOf("second", TRAIN, TEST);
        Located.Found found = found(locator(Optional.empty(), "good").locate(BOTH));
        assertEquals(root.resolve("first"), found.folder());
        assertTrue(found.passedOver().isEmpty());
    }

    @Test
    void givenAnUnusableFirstFolder_whenLocated_thenTheReasonIsKept() throws IOException {
        folderOf("second", TRAIN, TEST);
        Located.Found found = found(locator(Optional.empty(), "good").locate(BOTH));
        assertEquals(root.resolve("second"), found.folder());
        assertEquals(List.of(root.resolve("first") + ": no such folder"), found.passedOver());
    }

    @Test
    void givenAFilledCache_whenLocated_thenNoMirrorIsAsked() throws IOException {
        folderOf("cache", TRAIN, TEST);
        assertEquals(root.resolve("cache"), found(locator(Optional.empty(), "good").locate(BOTH)).folder());
        assertTrue(asked.isEmpty());
    }

    @Test
    void givenOneSpoiltFileInTheCache_whenLocated_thenOnlyThatOneIsDownloaded() throws IOException {
        Path cache = folderOf("cache", TRAIN, TEST);
        Files.write(cache.resolve("t10k-images-idx3-ubyte.gz"), new byte[100]);
        assertDownloaded(locator(Optional.empty(), "good").locate(BOTH));
        assertEquals(List.of("/good/t10k-images-idx3-ubyte.gz"), asked);
    }

    @Test
    void givenAForeignPlainFileInTheCache_whenLocated_thenTheDownloadTakesItsPlace() throws IOException {
        Path cache = Files.createDirectory(root.resolve("cache"));
        Files.write(cache.resolve("t10k-images-idx3-ubyte"), IdxBytes.images(4));
        Files.write(cache.resolve("t10k-labels-idx1-ubyte"), IdxBytes.labels(4));
        Located.Found found = found(locator(Optional.empty(), "good").locate(Set.of(Split.TEST)));
        assertTrue(found.dataset(Split.TEST).verified());
    }

    @Test
    void givenAGoodMirror_whenOnlyTestIsWanted_thenOnlyItsFilesAreDownloaded() {
        found(locator(Optional.empty(), "good").locate(Set.of(Split.TEST)));
        assertEquals(List.of("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"), cached());
    }

    @Test
    void givenAServerError_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locator(Optional.empty(), "broken", "good").locate(BOTH));
    }

    @Test
    void givenABodyShorterThanAnnounced_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locator(Optional.empty(), "short", "good").locate(BOTH));
    }

    @Test
    void givenHalfAFile_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locator(Optional.empty(), "cut", "good").locate(BOTH));
    }

    @Test
    void givenOtherContent_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locator(Optional.empty(), "wrong", "good").locate(BOTH));
    }

    @Test
    void givenAStalledMirror_whenDownloaded_thenItIsAskedOnceAndTheNextServes() {
        assertDownloaded(locator(Optional.empty(), "stall", "good").locate(BOTH));
        assertEquals(1, asked.stream().filter(path -> path.startsWith("/stall/")).count());
    }

    @Test
    void givenAMissingMirror_whenDownloaded_thenTheNextServes() throws IOException {
        assertDownloaded(locator(List.of(closedPort(), mirror("good"))).locate(BOTH));
    }

    @Test
    void givenOnlyBadMirrors_whenDownloaded_thenEachHasItsReasonAndNothingIsLeft() throws IOException {
        URI dead = closedPort();
        List<URI> mirrors = List.of(mirror("broken"), mirror("short"), mirror("cut"), mirror("wrong"), dead);
        Located.NotFound missing =
                assertInstanceOf(Located.NotFound.class, locator(mirrors).locate(Set.of(Split.TEST)));
        String last = missing.reasons().get(missing.reasons().size() - 1);
        String file = "t10k-images-idx3-ubyte.gz";
        assertTrue(last.startsWith(file + ": no mirror could give it: "), last);
        assertTrue(last.contains("broken/" + file + ": the server answered 500, 200 expected"), last);
        assertTrue(last.contains("short/" + file + ": "), last);
        assertTrue(last.contains("cut/" + file + ": the gzip stream ends early"), last);
        assertTrue(last.contains("wrong/" + file + ": the content's SHA-256 is "), last);
        assertTrue(last.endsWith(dead + file + ": no connection"), last);
        assertEquals(4, missing.reasons().size());
        assertTrue(cached().isEmpty());
    }

    @Test
    void givenNoMirrors_whenLocated_thenEachPlaceHasItsReason() {
        Located.NotFound missing =
                assertInstanceOf(Located.NotFound.class, locator(Optional.empty()).locate(BOTH));
        assertEquals(List.of(
                root.resolve("first") + ": no such folder",
                root.resolve("second") + ": no such folder",
                root.resolve("cache") + ": no such folder",
                "train-images-idx3-ubyte.gz: no mirror could give it: none is known"), missing.reasons());
    }

    @Test
    void givenAFailureAfterTheFirstFile_whenLocatedAgain_thenThatFileIsNotDownloadedTwice() {
        server.createContext("/half/train-images-idx3-ubyte.gz", exchange -> {
            byte[] packed = IdxBytes.gzip(content(MnistFile.TRAIN_IMAGES));
            send(exchange, packed, packed.length);
            exchange.close();
        });
        assertInstanceOf(Located.NotFound.class, locator(Optional.empty(), "half").locate(BOTH));
        assertEquals(List.of("train-images-idx3-ubyte.gz"), cached());
        assertDownloaded(locator(Optional.empty(), "good").locate(BOTH));
        assertFalse(asked.contains("/good/train-images-idx3-ubyte.gz"));
    }

    @Test
    void givenADownloadUnderWay_whenInterrupted_thenNothingIsLeft() throws InterruptedException {
        List<Located> outcome = new ArrayList<>();
        Thread caller = new Thread(() -> outcome.add(new MnistLocator(Optional.empty(), List.of(), root.resolve("cache"),
                List.of(mirror("stall"), mirror("good")), Duration.ofSeconds(50), DIGESTS).locate(BOTH)));
        caller.start();
        await(stalled);
        assertTrue(cached().isEmpty());
        caller.interrupt();
        caller.join();
        Located.NotFound missing = assertInstanceOf(Located.NotFound.class, outcome.get(0));
        assertTrue(missing.reasons().get(1).endsWith("the download was interrupted"), missing.reasons().get(1));
        assertTrue(cached().isEmpty());
    }

    @Test
    void givenTheCacheIsAFile_whenDownloaded_thenItCannotBeWritten() throws IOException {
        Files.write(root.resolve("cache"), new byte[1]);
        Located.NotFound missing =
                assertInstanceOf(Located.NotFound.class, locator(Optional.empty(), "good").locate(BOTH));
        String last = missing.reasons().get(missing.reasons().size() - 1);
        assertTrue(last.contains("train-images-idx3-ubyte.gz: cannot be written ("), last);
    }

    @Test
    void givenNothingWanted_whenLocated_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> locator(Optional.empty()).locate(Set.of()));
    }

    @Test
    void givenTheRealMnist_whenLocated_thenItIsVerified() {
        String folder = System.getenv("BULWARK_DATA");
        assumeTrue(folder != null && !folder.isBlank(), "BULWARK_DATA names no folder of MNIST files");
        Located.Found found = found(MnistLocator.standard(
                Optional.of(Path.of(folder)), Map.of(), root).locate(BOTH));
        Dataset train = found.dataset(Split.TRAIN);
        Dataset test = found.dataset(Split.TEST);
        assertTrue(train.verified() && test.verified());
        assertEquals(60_000, train.size());
        assertEquals(10_000, test.size());
        assertEquals(5, train.label(0));
        assertEquals(7, test.label(0));
        double sum = 0;
        for (int i = 0; i < train.size(); ++i) {
            for (float pixel : train.pixels(i)) {
                sum += pixel;
            }
        }
        assertEquals(0.1307, sum / (60_000.0 * 784), 5e-5, "the training mean that everyone's code carries");
    }

    @Test
    void givenTheEnvironment_whenStandard_thenItsFolderIsSearchedFirst() throws IOException {
        Path folder = folderOf("environment", 7, 3);
        Located.Found found = found(MnistLocator.standard(
                Optional.empty(), Map.of("BULWARK_DATA", folder.toString()), root).locate(BOTH));
        assertEquals(folder, found.folder());
        assertEquals("custom", found.dataset(Split.TEST).name());
    }

    private MnistLocator locator(Optional<Path> named, String... mirrors) {
        return locator(named, Stream.of(mirrors).map(this::mirror).toList());
    }

    private MnistLocator locator(List<URI> mirrors) {
        return locator(Optional.empty(), mirrors);
    }

    private MnistLocator locator(Optional<Path> named, List<URI> mirrors) {
        return new MnistLocator(named, List.of(root.resolve("first"), root.resolve("second")), root.resolve("cache"),
                mirrors, Duration.ofMillis(500), DIGESTS);
    }

    private URI mirror(String name) {
        return URI.create("http://localhost:" + server.getAddress().getPort() + "/" + name + "/");
    }

    private static URI closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://localhost:" + socket.getLocalPort() + "/");
        }
    }

    private void assertDownloaded(Located outcome) {
        Located.Found found = found(outcome);
        assertEquals(root.resolve("cache"), found.folder());
        assertTrue(found.dataset(Split.TRAIN).verified());
        assertTrue(found.dataset(Split.TEST).verified());
        assertEquals(List.of("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz",
                "train-labels-idx1-ubyte.gz"), cached());
    }

    private static Located.Found found(Located outcome) {
        return assertInstanceOf(Located.Found.class, outcome, outcome.toString());
    }

    private List<String> cached() {
        Path cache = root.resolve("cache");
        if (!Files.exists(cache)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(cache)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Path folderOf(String name, int train, int test) throws IOException {
        Path folder = Files.createDirectory(root.resolve(name));
        for (MnistFile file : MnistFile.values()) {
            Files.write(folder.resolve(file.packedName()), IdxBytes.gzip(content(file, train, test)));
        }
        return folder;
    }

    private static byte[] content(MnistFile file) {
        return content(file, TRAIN, TEST);
    }

    private static byte[] content(MnistFile file, int train, int test) {
        int count = file.split() == Split.TRAIN ? train : test;
        return file.kind() == IdxFile.Kind.IMAGES ? IdxBytes.images(count) : IdxBytes.labels(count);
    }

    private static String digest(byte[] content) {
        var sha256 = Sha256.start();
        sha256.update(content);
        return Sha256.finish(sha256);
    }

    private interface Answer {
        void give(HttpExchange exchange, byte[] packed) throws IOException;
    }

    private void handle(String name, Answer answer) {
        server.createContext("/" + name + "/", exchange -> {
            String path = exchange.getRequestURI().getPath();
            asked.add(path);
            MnistFile file = Stream.of(MnistFile.values())
                    .filter(f -> path.endsWith("/" + f.packedName())).findFirst().orElseThrow();
            try {
                answer.give(exchange, IdxBytes.gzip(content(file)));
            } finally {
                exchange.close();
            }
        });
    }

    /** Announces the whole of {@code packed}, sends its first {@code length} bytes. */
    private static void send(HttpExchange exchange, byte[] packed, int length) throws IOException {
        exchange.sendResponseHeaders(200, packed.length);
        exchange.getResponseBody().write(packed, 0, length);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

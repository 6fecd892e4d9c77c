package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class MnistDownloadTest {

    private static final Set<Split> BOTH = EnumSet.allOf(Split.class);
    private static final Duration PATIENCE = Duration.ofMillis(500);

    @TempDir
    private Path root;

    private MirrorServer server;

    @BeforeEach
    void serve() throws IOException {
        server = new MirrorServer();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void givenAGoodMirror_whenOnlyTestIsWanted_thenOnlyItsFilesAreDownloaded() {
        found(locate(Set.of(Split.TEST), "good"));
        assertEquals(List.of("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"), cached());
    }

    @Test
    void givenAFilledCache_whenLocated_thenNoMirrorIsAsked() throws IOException {
        FakeMnist.writeTo(cache(), FakeMnist.TRAIN, FakeMnist.TEST);
        found(locate(BOTH, "good"));
        assertTrue(server.asked().isEmpty());
    }

    @Test
    void givenOneSpoiltFileInTheCache_whenLocated_thenOnlyThatOneIsDownloaded() throws IOException {
        FakeMnist.writeTo(cache(), FakeMnist.TRAIN, FakeMnist.TEST);
        Files.write(cache().resolve("t10k-images-idx3-ubyte.gz"), new byte[100]);
        assertDownloaded(locate(BOTH, "good"));
        assertEquals(List.of("/good/t10k-images-idx3-ubyte.gz"), server.asked());
    }

    @Test
    void givenForeignPlainFilesInTheCache_whenLocated_thenTheDownloadTakesTheirPlace() throws IOException {
        Files.createDirectory(cache());
        Files.write(cache().resolve("t10k-images-idx3-ubyte"), IdxBytes.images(4));
        Files.write(cache().resolve("t10k-labels-idx1-ubyte"), IdxBytes.labels(4));
        assertTrue(found(locate(Set.of(Split.TEST), "good")).dataset(Split.TEST).verified());
    }

    @Test
    void givenAServerError_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locate(BOTH, "broken", "good"));
    }

    @Test
    void givenABodyShorterThanAnnounced_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locate(BOTH, "short", "good"));
    }

    @Test
    void givenHalfAFile_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locate(BOTH, "cut", "good"));
    }

    @Test
    void givenOtherContent_whenDownloaded_thenTheNextMirrorServes() {
        assertDownloaded(locate(BOTH, "wrong", "good"));
    }

    @Test
    void givenAStalledMirror_whenDownloaded_thenItIsAskedOnceAndTheNextServes() {
        assertDownloaded(locate(BOTH, "stall", "good"));
        assertEquals(1, server.asked().stream().filter(path -> path.startsWith("/stall/")).count());
    }

    @Test
    void givenNoServerAtAll_whenDownloaded_thenTheNextMirrorServes() throws IOException {
        assertDownloaded(locator(PATIENCE, List.of(closedPort(), server.mirror("good"))).locate(BOTH));
    }

    @Test
    void givenOnlyBadMirrors_whenDownloaded_thenEachHasItsReasonAndNothingIsLeft() throws IOException {
        URI dead = closedPort();
        List<URI> mirrors = List.of(server.mirror("broken"), server.mirror("short"), server.mirror("cut"),
                server.mirror("wrong"), dead);
        String reason = lastReason(locator(PATIENCE, mirrors).locate(Set.of(Split.TEST)));
        String file = "t10k-images-idx3-ubyte.gz";
        assertTrue(reason.startsWith(file + ": no mirror could give it: "), reason);
        assertTrue(reason.contains("broken/" + file + ": the server answered 500, 200 expected; "), reason);
        assertTrue(reason.contains("short/" + file + ": "), reason);
        assertTrue(reason.contains("cut/" + file + ": the gzip stream ends early; "), reason);
        assertTrue(reason.contains("wrong/" + file + ": the content's SHA-256 is "), reason);
        assertTrue(reason.endsWith(dead + file + ": no connection"), reason);
        assertTrue(cached().isEmpty());
    }

    @Test
    void givenAFailureAfterTheFirstFile_whenLocatedAgain_thenThatFileIsKept() {
        lastReason(locate(BOTH, "first-only"));
        assertEquals(List.of("train-images-idx3-ubyte.gz"), cached());
        assertDownloaded(locate(BOTH, "good"));
        assertFalse(server.asked().contains("/good/train-images-idx3-ubyte.gz"));
    }

    @Test
    void givenADownloadUnderWay_whenInterrupted_thenNothingIsLeftAndNoOtherMirrorIsAsked() throws InterruptedException {
        AtomicReference<Located> outcome = new AtomicReference<>();
        MnistLocator patient =
                locator(Duration.ofSeconds(50), List.of(server.mirror("stall"), server.mirror("good")));
        Thread caller = new Thread(() -> outcome.set(patient.locate(BOTH)));
        caller.start();
        server.awaitStall();
        assertTrue(cached().isEmpty());
        caller.interrupt();
        caller.join();
        assertTrue(lastReason(outcome.get()).endsWith(": the download was interrupted"));
        assertEquals(1, server.asked().size());
        assertTrue(cached().isEmpty());
    }

    @Test
    void givenAFileInPlaceOfTheCache_whenDownloaded_thenItCannotBeWritten() throws IOException {
        Files.write(cache(), new byte[1]);
        String reason = lastReason(locate(BOTH, "good"));
        assertTrue(reason.startsWith(cache().resolve("train-images-idx3-ubyte.gz") + ": cannot be written ("), reason);
    }

    private Located locate(Set<Split> wanted, String... mirrors) {
        return locator(PATIENCE, Stream.of(mirrors).map(server::mirror).toList()).locate(wanted);
    }

    private MnistLocator locator(Duration patience, List<URI> mirrors) {
        return new MnistLocator(List.of(), cache(), mirrors, patience, FakeMnist::digest);
    }

    private static URI closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://localhost:" + socket.getLocalPort() + "/");
        }
    }

    private Path cache() {
        return root.resolve("cache");
    }

    private List<String> cached() {
        if (!Files.exists(cache())) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(cache())) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void assertDownloaded(Located outcome) {
        Located.Found found = found(outcome);
        assertEquals(cache(), found.folder());
        assertTrue(found.dataset(Split.TRAIN).verified());
        assertTrue(found.dataset(Split.TEST).verified());
        assertEquals(List.of("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz",
                "train-labels-idx1-ubyte.gz"), cached());
    }

    private static Located.Found found(Located outcome) {
        return assertInstanceOf(Located.Found.class, outcome, outcome.toString());
    }

    private static String lastReason(Located outcome) {
        List<String> reasons = assertInstanceOf(Located.NotFound.class, outcome).reasons();
        return reasons.get(reasons.size() - 1);
    }
}

package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searching on disk, with no mirrors; {@link MnistDownloadTest} has them. */
class MnistLocatorTest {

    private static final Set<Split> BOTH = EnumSet.allOf(Split.class);

    @TempDir
    private Path root;

    @Test
    void givenTwoUsableFolders_whenLocated_thenTheFirstIsTaken() throws IOException {
        published("first");
        published("second");
        Located.Found found = found(locator().locate(BOTH));
        assertEquals(root.resolve("first"), found.folder());
        assertTrue(found.passedOver().isEmpty());
    }

    @Test
    void givenAnUnusableFirstFolder_whenLocated_thenTheReasonIsKept() throws IOException {
        published("second");
        Located.Found found = found(locator().locate(BOTH));
        assertEquals(root.resolve("second"), found.folder());
        assertEquals(List.of(root.resolve("first") + ": no such folder"), found.passedOver());
    }

    @Test
    void givenOnlyTheCache_whenLocated_thenItIsUsed() throws IOException {
        published("cache");
        assertEquals(root.resolve("cache"), found(locator().locate(BOTH)).folder());
    }

    @Test
    void givenOtherContentInTheCache_whenLocated_thenItIsNotUsed() throws IOException {
        FakeMnist.writeTo(root.resolve("cache"), 7, 3);
        Located.NotFound missing = notFound(locator().locate(BOTH));
        assertEquals(root.resolve("cache") + ": the content's SHA-256 is not the published one",
                missing.reasons().get(2));
    }

    @Test
    void givenNothingAnywhere_whenLocated_thenEachPlaceHasItsReason() {
        Located.NotFound missing = notFound(locator().locate(BOTH));
        assertEquals(List.of(
                root.resolve("first") + ": no such folder",
                root.resolve("second") + ": no such folder",
                root.resolve("cache") + ": no such folder",
                "train-images-idx3-ubyte.gz: no mirror could give it: none is known"), missing.reasons());
    }

    @Test
    void givenNothingWanted_whenLocated_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> locator().locate(Set.of()));
    }

    @Test
    void givenTheEnvironment_whenStandard_thenItsFolderIsSearchedFirst() throws IOException {
        Path folder = FakeMnist.writeTo(root.resolve("environment"), 7, 3);
        Located.Found found = found(MnistLocator.standard(
                Map.of("BULWARK_DATA", folder.toString()), root).locate(BOTH));
        assertEquals(folder, found.folder());
        assertEquals("environment", found.dataset(Split.TEST).name());
    }

    @Test
    void givenTheRealMnist_whenLocated_thenItIsVerified() {
        String folder = System.getenv("BULWARK_DATA");
        assumeTrue(folder != null && !folder.isBlank(), "BULWARK_DATA names no folder of MNIST files");
        Located.Found found = found(MnistLocator.standard(Map.of("BULWARK_DATA", folder), root).locate(BOTH));
        Dataset train = found.dataset(Split.TRAIN);
        Dataset test = found.dataset(Split.TEST);
        assertTrue(train.verified() && test.verified());
        assertEquals(60_000, train.size());
        assertEquals(10_000, test.size());
        assertEquals(5, train.label(0));
        assertEquals(7, test.label(0));
        assertEquals(0.1307, mean(train), 5e-5, "the training mean that everyone's code carries");
    }

    private MnistLocator locator() {
        return new MnistLocator(List.of(root.resolve("first"), root.resolve("second")), root.resolve("cache"),
                List.of(), Duration.ofSeconds(1), FakeMnist::digest);
    }

    private Path published(String name) throws IOException {
        return FakeMnist.writeTo(root.resolve(name), FakeMnist.TRAIN, FakeMnist.TEST);
    }

    private static Located.Found found(Located outcome) {
        return assertInstanceOf(Located.Found.class, outcome, outcome.toString());
    }

    private static Located.NotFound notFound(Located outcome) {
        return assertInstanceOf(Located.NotFound.class, outcome);
    }

    private static double mean(Dataset data) {
        double sum = 0;
        for (int i = 0; i < data.size(); ++i) {
            for (float pixel : data.pixels(i)) {
                sum += pixel;
            }
        }
        return sum / ((double) data.size() * data.imageSize());
    }
}

package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user names, above all folders of IDX files. */
class DatasetReadersTest {

    private static final Set<Split> BOTH = EnumSet.allOf(Split.class);
    private static final List<DatasetReader> READERS = List.of(new IdxReader(FakeMnist::digest));

    @TempDir
    private Path root;

    @Test
    void givenAFolderOfPublishedFiles_whenRead_thenItIsVerifiedMnist() throws IOException {
        Map<Split, Dataset> found = read(published("named"), BOTH);
        assertEquals(FakeMnist.TRAIN, found.get(Split.TRAIN).size());
        assertEquals(FakeMnist.TEST, found.get(Split.TEST).size());
        assertEquals("mnist", found.get(Split.TEST).name());
        assertTrue(found.get(Split.TEST).verified());
        assertEquals(10, found.get(Split.TEST).classes());
    }

    @Test
    void givenAFolderOfOtherImages_whenRead_thenTheyAreCalledAsTheFolder() throws IOException {
        Map<Split, Dataset> found = read(FakeMnist.writeTo(root.resolve("own"), 7, 3), BOTH);
        assertEquals("own", found.get(Split.TRAIN).name());
        assertFalse(found.get(Split.TRAIN).verified());
        assertEquals(3, found.get(Split.TEST).size());
    }

    /** Published and generated images have names that mean them alone. */
    @Test
    void givenAFolderWithTheNameOfPublishedImages_whenRead_thenItsNameIsAnother() throws IOException {
        assertEquals("MNIST-custom", read(FakeMnist.writeTo(root.resolve("MNIST"), 7, 3), BOTH).get(Split.TEST).name());
        assertEquals("digits-custom", read(FakeMnist.writeTo(root.resolve("digits"), 7, 3), BOTH).get(Split.TEST).name());
    }

    @Test
    void givenSplitsOfDifferentLargestLabels_whenRead_thenBothHaveAllClasses() throws IOException {
        Path folder = FakeMnist.writeTo(root.resolve("own"), 7, 3);
        Map<Split, Dataset> both = read(folder, BOTH);
        assertEquals(7, both.get(Split.TRAIN).classes());
        assertEquals(7, both.get(Split.TEST).classes());
        assertEquals(3, read(folder, Set.of(Split.TEST)).get(Split.TEST).classes());
    }

    @Test
    void givenSplitsOfDifferentShapes_whenRead_thenBothAreNamed() throws IOException {
        Path folder = FakeMnist.writeTo(root.resolve("own"), 7, 3);
        Path images = folder.resolve("t10k-images-idx3-ubyte.gz");
        Files.write(images, IdxBytes.images(3, new ImageShape(3, 28, 28), new byte[3 * 3 * IdxBytes.IMAGE]));
        DataException refusal = assertThrows(DataException.class, () -> read(folder, BOTH));
        assertEquals(images + ": the images are 3 x 28 x 28, those to train on in "
                + folder.resolve("train-images-idx3-ubyte.gz") + " are 1 x 28 x 28", refusal.getMessage());
    }

    @Test
    void givenColourImagesUnderTheNameOfFourDimensions_whenRead_thenTheyAreFound() throws IOException {
        Path folder = Files.createDirectory(root.resolve("colour"));
        ImageShape shape = new ImageShape(3, 9, 13);
        Files.write(folder.resolve("t10k-images-idx4-ubyte"), IdxBytes.images(2, shape, new byte[2 * shape.size()]));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), IdxBytes.labels(2));
        Dataset found = read(folder, Set.of(Split.TEST)).get(Split.TEST);
        assertEquals(shape, found.shape());
        assertEquals(2, found.classes());
    }

    @Test
    void givenOnePublishedAndOneOtherSplit_whenRead_thenBothAreCalledAsTheFolder() throws IOException {
        Map<Split, Dataset> found = read(FakeMnist.writeTo(root.resolve("mixed"), FakeMnist.TRAIN, 3), BOTH);
        assertEquals("mixed", found.get(Split.TRAIN).name());
        assertEquals("mixed", found.get(Split.TEST).name());
    }

    @Test
    void givenPlainFilesOfOneSplitUnderEitherName_whenOnlyItIsWanted_thenTheyAreFound() throws IOException {
        Path folder = Files.createDirectory(root.resolve("plain"));
        Files.write(folder.resolve("t10k-images.idx3-ubyte"), FakeMnist.content(MnistFile.TEST_IMAGES));
        Files.write(folder.resolve("t10k-labels-idx1-ubyte"), FakeMnist.content(MnistFile.TEST_LABELS));
        Map<Split, Dataset> found = read(folder, Set.of(Split.TEST));
        assertEquals("mnist", found.get(Split.TEST).name());
        assertEquals(Set.of(Split.TEST), found.keySet());
    }

    @Test
    void givenNothingThere_whenRead_thenItSaysSo() {
        DataException refusal = assertThrows(DataException.class, () -> read(root.resolve("absent"), BOTH));
        assertEquals(root.resolve("absent") + ": no such file or folder", refusal.getMessage());
    }

    @Test
    void givenAFileOfNoKnownFormat_whenRead_thenItSaysWhatCanBeNamed() throws IOException {
        Path file = Files.write(root.resolve("images.bin"), new byte[7]);
        DataException refusal = assertThrows(DataException.class, () -> read(file, BOTH));
        assertEquals(file + ": not a format that is read; what can be named is a folder of IDX files", refusal.getMessage());
    }

    @Test
    void givenAFolderWithoutLabels_whenRead_thenTheMissingFileIsNamed() throws IOException {
        Path folder = published("named");
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte.gz"));
        DataException refusal = assertThrows(DataException.class, () -> read(folder, BOTH));
        assertEquals(folder + ": holds neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz",
                refusal.getMessage());
    }

    @Test
    void givenAMalformedFile_whenRead_thenRefused() throws IOException {
        Path folder = published("named");
        Files.write(folder.resolve("train-labels-idx1-ubyte.gz"), new byte[0]);
        assertThrows(DataException.class, () -> read(folder, BOTH));
    }

    @Test
    void givenNothingWanted_whenRead_thenRefused() throws IOException {
        Path folder = published("named");
        assertThrows(IllegalArgumentException.class, () -> read(folder, Set.of()));
    }

    private static Map<Split, Dataset> read(Path source, Set<Split> wanted) {
        return DatasetReaders.read(DataFiles.of(source), wanted, READERS);
    }

    private Path published(String name) throws IOException {
        return FakeMnist.writeTo(root.resolve(name), FakeMnist.TRAIN, FakeMnist.TEST);
    }
}

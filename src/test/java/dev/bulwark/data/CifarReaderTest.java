package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of the binary versions of CIFAR-10 and CIFAR-100; element k of every image is k + its label mod 251. */
class CifarReaderTest {

    private static final int IMAGE = 3 * 32 * 32;

    @TempDir
    private Path folder;

    private Path write(String name, int bytesBefore, int... labels) throws IOException {
        byte[] content = new byte[labels.length * (bytesBefore + IMAGE)];
        for (int image = 0; image < labels.length; ++image) {
            int from = image * (bytesBefore + IMAGE) + bytesBefore;
            content[from - 1] = (byte) labels[image];
            for (int k = 0; k < IMAGE; ++k) {
                content[from + k] = (byte) ((k + labels[image]) % 251);
            }
        }
        return Files.write(folder.resolve(name), content);
    }

    private void writeCifar10() throws IOException {
        for (int batch = 1; batch <= 5; ++batch) {
            write("data_batch_" + batch + ".bin", 1, batch, 0);
        }
        write("test_batch.bin", 1, 8, 3, 1);
    }

    private Map<Split, Dataset> read(Set<Split> wanted) {
        return DatasetReaders.read(DataFiles.of(folder), wanted);
    }

    private String refusal(Set<Split> wanted) {
        return assertThrows(DataException.class, () -> read(wanted)).getMessage();
    }

    @Test
    void givenCifar10_whenRead_thenImagesAndLabelsAreTheirs() throws IOException {
        writeCifar10();
        Map<Split, Dataset> both = read(EnumSet.allOf(Split.class));
        Dataset test = both.get(Split.TEST);
        assertEquals(new ImageShape(3, 32, 32), test.shape());
        assertEquals(10, test.classes());
        assertArrayEquals(new int[] {8, 3, 1}, test.labels());
        assertEquals((2000 + 3) % 251 / 255f, test.pixels(1)[2000]);
        assertArrayEquals(new int[] {1, 0, 2, 0, 3, 0, 4, 0, 5, 0}, both.get(Split.TRAIN).labels());
    }

    @Test
    void givenCifar100_whenRead_thenTheLabelsAreTheFineOnes() throws IOException {
        write("test.bin", 2, 99, 42);
        Dataset test = read(Set.of(Split.TEST)).get(Split.TEST);
        assertEquals(100, test.classes());
        assertArrayEquals(new int[] {99, 42}, test.labels());
        assertEquals(42 / 255f, test.pixels(1)[0]);
    }

    @Test
    void givenDamagedFiles_whenRead_thenEachFaultIsNamed() throws IOException {
        writeCifar10();
        Path test = folder.resolve("test_batch.bin");
        Files.write(test, Arrays.copyOf(Files.readAllBytes(test), 3 * (IMAGE + 1) - 1));
        assertEquals(test + ": has 9218 bytes, which are not whole images of 3073 bytes each; the file is cut off, or "
                + "another one", refusal(Set.of(Split.TEST)));
        write("test_batch.bin", 1, 2, 10);
        assertEquals(test + ": the label of image 1 is 10, 0 to 9 expected", refusal(Set.of(Split.TEST)));
        Files.delete(folder.resolve("data_batch_4.bin"));
        assertEquals(folder.resolve("data_batch_4.bin") + ": no such file", refusal(Set.of(Split.TRAIN)));
    }
}

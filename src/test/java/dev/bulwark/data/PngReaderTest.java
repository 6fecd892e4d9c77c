package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.shapes.ImageShape;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders of PNG files. */
class PngReaderTest {

    @TempDir
    private Path folder;

    private static int sample(int seed, int channel, int y, int x) {
        return seed * 50 + channel * 85 + y * 7 + x & 0xFF;
    }

    /** An image of a kind of {@link BufferedImage}'s, 3 x 5 pixels. */
    private Path write(String name, int type, int seed) throws IOException {
        BufferedImage image = new BufferedImage(5, 3, type);
        WritableRaster raster = image.getRaster();
        for (int c = 0; c < raster.getNumBands(); ++c) {
            for (int place = 0; place < 15; ++place) {
                raster.setSample(place % 5, place / 5, c, sample(seed, c, place / 5, place % 5));
            }
        }
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    private Map<Split, Dataset> read(Set<Split> wanted) {
        return DatasetReaders.read(DataFiles.of(folder), wanted);
    }

    private Dataset test() {
        return read(Set.of(Split.TEST)).get(Split.TEST);
    }

    private String refusal() {
        return assertThrows(DataException.class, this::test).getMessage();
    }

    @ParameterizedTest
    @CsvSource({BufferedImage.TYPE_BYTE_GRAY + ", 1", BufferedImage.TYPE_3BYTE_BGR + ", 3"})
    void givenAFolderAClass_whenRead_thenImagesClassesAndTheirNamesAreInOrder(int type, int channels) throws IOException {
        write("dog/b.png", type, 2);
        write("cat/1.PNG", type, 0);
        write("dog/a.png", type, 1);
        Files.createDirectory(folder.resolve("emu"));
        Files.write(folder.resolve("cat/.hidden"), new byte[1]);
        Files.write(folder.resolve("readme.txt"), new byte[1]);
        Dataset data = test();
        assertEquals(new ImageShape(channels, 3, 5), data.shape());
        assertEquals(List.of("cat", "dog", "emu"), data.classNames());
        assertEquals(3, data.classes());
        assertArrayEquals(new int[] {0, 1, 1}, data.labels());
        for (int image = 0; image < 3; ++image) {
            for (int k = 0; k < data.imageSize(); ++k) {
                assertEquals(sample(image, k / 15, k % 15 / 5, k % 5) / 255f, data.pixels(image)[k]);
            }
        }
    }

    @Test
    void givenFoldersOfBothSplits_whenRead_thenEachIsItsOwn() throws IOException {
        write("train/a/1.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        write("train/b/1.png", BufferedImage.TYPE_BYTE_GRAY, 2);
        write("test/a/1.png", BufferedImage.TYPE_BYTE_GRAY, 3);
        Files.createDirectory(folder.resolve("test/b"));
        Map<Split, Dataset> both = read(EnumSet.allOf(Split.class));
        assertEquals(2, both.get(Split.TRAIN).size());
        assertEquals(2, both.get(Split.TEST).classes());
        assertEquals(150 / 255f, test().pixels(0)[0]);
        Files.delete(folder.resolve("test/b"));
        assertEquals(folder + ": the images to test are 1 x 3 x 5 of classes [a], those to train on are 1 x 3 x 5 of [a, b]",
                assertThrows(DataException.class, () -> read(EnumSet.allOf(Split.class))).getMessage());
    }

    @ParameterizedTest
    @CsvSource({BufferedImage.TYPE_4BYTE_ABGR + ", an alpha channel", BufferedImage.TYPE_BYTE_INDEXED + ", a palette",
        BufferedImage.TYPE_USHORT_GRAY + ", 16 bits a sample"})
    void givenOtherSamples_whenRead_thenRefusedByFile(int type, String what) throws IOException {
        write("a/1.png", BufferedImage.TYPE_3BYTE_BGR, 1);
        Path other = write("b/1.png", type, 0);
        assertEquals(other + ": has " + what + ": save it as grey or RGB of 8 bits a sample, without alpha", refusal());
    }

    /** Puts a chunk behind the header. */
    private static void insert(Path file, String type, int... values) throws IOException {
        byte[] content = Files.readAllBytes(file);
        ByteBuffer chunk = ByteBuffer.allocate(4 + values.length).put(type.getBytes(StandardCharsets.US_ASCII));
        Arrays.stream(values).forEach(value -> chunk.put((byte) value));
        CRC32 checksum = new CRC32();
        checksum.update(chunk.array());
        Files.write(file, ByteBuffer.allocate(content.length + 12 + values.length).put(content, 0, 33).putInt(values.length)
                .put(chunk.array()).putInt((int) checksum.getValue()).put(content, 33, content.length - 33).array());
    }

    @ParameterizedTest
    @CsvSource({BufferedImage.TYPE_BYTE_GRAY + ", 1", BufferedImage.TYPE_3BYTE_BGR + ", 3"})
    void givenAGamma_whenRead_thenSamplesAreThoseStored(int type, int channels) throws IOException {
        Path file = write("a/1.png", type, 1);
        insert(file, "gAMA", 0, 1, 134, 160);
        float[] pixels = test().pixels(0);
        for (int k = 0; k < pixels.length; ++k) {
            assertEquals(sample(1, k / 15, k % 15 / 5, k % 5) / 255f, pixels[k]);
        }
    }

    @Test
    void givenAHugeHeader_whenRead_thenRefusedWithoutAllocating() throws IOException {
        Path file = write("a/1.png", BufferedImage.TYPE_3BYTE_BGR, 1);
        byte[] content = Files.readAllBytes(file);
        ByteBuffer.wrap(content).putInt(16, 16384).putInt(20, 16384);
        CRC32 checksum = new CRC32();
        checksum.update(content, 12, 17);
        ByteBuffer.wrap(content).putInt(29, (int) checksum.getValue());
        Files.write(file, content);
        assertEquals(file + ": the header declares 16384 x 16384 pixels, more than " + content.length + " bytes can hold", refusal());
    }

    @Test
    void givenATransparentColour_whenRead_thenRefusedByFile() throws IOException {
        Path file = write("a/1.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        insert(file, "tRNS", 0, 9);
        assertEquals(file + ": has a transparent colour: save it as grey or RGB of 8 bits a sample, without alpha", refusal());
    }

    @Test
    void givenImagesThatAreNotAlike_whenRead_thenBothAreNamed() throws IOException {
        Path grey = write("a/1.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        Path colour = write("a/2.png", BufferedImage.TYPE_3BYTE_BGR, 1);
        assertEquals(colour + ": is 3 x 3 x 5, " + grey + " is 1 x 3 x 5: all images must be of one size, all grey or all RGB",
                refusal());
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 40, 60, 75})
    void givenAFileThatIsCutOff_whenRead_thenItSaysSo(int length) throws IOException {
        Path file = write("a/1.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), length));
        assertEquals(file + ": the file is cut off", refusal());
    }

    @Test
    void givenDamage_whenRead_thenTheFileIsNamed() throws IOException {
        Path file = write("a/1.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        byte[] content = Files.readAllBytes(file);
        content[45] ^= 1;
        Files.write(file, content);
        assertEquals(file + ": the file is damaged: a checksum is wrong", refusal());
        Files.write(file, new byte[100]);
        assertEquals(file + ": is not a PNG file, whatever its name", refusal());
        Path other = Files.move(file, folder.resolve("a/1.jpg"));
        write("a/2.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        assertEquals(other + ": is not a PNG file, which are all that a class's folder may hold", refusal());
    }

    @Test
    void givenAFolderWithoutSplits_whenTrainingImagesAreWanted_thenItSaysWhatIsMissing() throws IOException {
        write("a/1.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        String refusal = assertThrows(DataException.class, () -> read(Set.of(Split.TRAIN))).getMessage();
        assertTrue(refusal.startsWith(folder + ": holds no folder train"), refusal);
    }

    @Test
    void givenFilesInNoSubfolder_whenRead_thenTheyHaveNoLabels() throws IOException {
        write("b.png", BufferedImage.TYPE_BYTE_GRAY, 2);
        write("a.png", BufferedImage.TYPE_BYTE_GRAY, 1);
        Dataset data = test();
        assertEquals(2, data.size());
        assertFalse(data.labelled());
        assertEquals(folder.getFileName().toString(), data.name());
        assertEquals(List.of(), data.classNames());
        assertEquals(sample(1, 0, 0, 1) / 255f, data.pixels(0)[1]);
        Dataset predicted = data.withPredictions(new int[] {1, 0}, 3);
        assertEquals(data.digest(), predicted.digest(), "labels are no part of such images");
        assertEquals(1, predicted.label(0));
        assertThrows(DataException.class, () -> data.withPredictions(new int[] {0, 0}, 257));
        assertThrows(DataException.class, () -> read(Set.of(Split.TRAIN)));
    }
}

package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.files.Sha256;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IdxReaderTest {

    private static final byte[] IMAGES = IdxBytes.images(12);
    private static final byte[] LABELS = IdxBytes.labels(12);

    @TempDir
    private Path folder;

    @Test
    void givenPlainFiles_whenRead_thenPixelsAndLabelsAreTheirs() throws IOException {
        Dataset data = read(IMAGES, LABELS);
        assertEquals(12, data.size());
        assertEquals(1, data.label(11));
        assertEquals((7 * (11 * 784 + 5) & 0xFF) / 255f, data.pixels(11)[5]);
        assertFalse(data.verified());
    }

    @Test
    void givenGzippedFilesUnderAnyName_whenRead_thenTheyEqualThePlainOnes() throws IOException {
        Dataset plain = read(IMAGES, LABELS);
        Dataset packed = read(IdxBytes.gzip(IMAGES), IdxBytes.gzip(LABELS));
        assertArrayEquals(plain.pixels(3), packed.pixels(3));
        assertEquals(plain.digest(), packed.digest());
    }

    @Test
    void givenAMissingFile_whenRead_thenTheMessageNamesIt() {
        assertMessage(folder.resolve("absent") + ": no such file",
                assertThrows(DataException.class, () -> IdxPair.read(folder.resolve("absent"), folder.resolve("absent"))));
    }

    @Test
    void givenAFolderInPlaceOfAFile_whenRead_thenItCannotBeRead() {
        DataException refusal = assertThrows(DataException.class, () -> IdxPair.read(folder, folder));
        assertTrue(refusal.getMessage().startsWith(folder + ": cannot be read ("), refusal.getMessage());
    }

    @Test
    void givenAnEmptyFile_whenRead_thenRefused() {
        assertImagesRefused(": the file is empty, a header of 16 bytes expected", new byte[0]);
    }

    @Test
    void givenSomethingElse_whenRead_thenTheMagicNumberIsRefused() {
        assertImagesRefused(": not an IDX file: it starts with 0x89504e47, 0x00000803 expected",
                IdxBytes.withInt(IMAGES, 0, 0x89504E47));
    }

    @Test
    void givenFloatElements_whenRead_thenTheTypeIsRefused() {
        assertImagesRefused(": the element type is 0x0d, 0x08 (unsigned byte) expected",
                IdxBytes.withInt(IMAGES, 0, 0x0D03));
    }

    @Test
    void givenFlattenedImages_whenRead_thenTheNumberOfDimensionsIsRefused() {
        assertImagesRefused(": the number of dimensions is 2, 3 or 4 expected for images",
                IdxBytes.withInt(IMAGES, 0, 0x0802));
    }

    @Test
    void givenImagesInPlaceOfLabels_whenRead_thenTheNumberOfDimensionsIsRefused() {
        assertLabelsRefused(": the number of dimensions is 3, 1 expected for labels", IMAGES);
    }

    @Test
    void givenThreeBytes_whenRead_thenTheHeaderIsCutOff() {
        assertImagesRefused(": the header ends after 3 bytes, 16 expected", IdxBytes.resized(IMAGES, 3));
    }

    @Test
    void givenElevenBytes_whenRead_thenTheHeaderIsCutOff() {
        assertImagesRefused(": the header ends after 11 bytes, 16 expected", IdxBytes.resized(IMAGES, 11));
    }

    @Test
    void givenNoImages_whenRead_thenTheCountIsRefused() {
        assertImagesRefused(": the header declares 0 images, 1 to 1048576 expected", IdxBytes.withInt(IMAGES, 4, 0));
    }

    @Test
    void givenANegativeCount_whenRead_thenTheCountIsRefused() {
        assertLabelsRefused(": the header declares -1 labels, 1 to 1048576 expected", IdxBytes.withInt(LABELS, 4, -1));
    }

    @Test
    void givenAHugeCount_whenRead_thenRefusedWithoutAllocating() {
        assertImagesRefused(": the header declares 2147483647 images, 1 to 1048576 expected",
                IdxBytes.withInt(IMAGES, 4, Integer.MAX_VALUE));
    }

    @Test
    void givenANegativeHeight_whenRead_thenTheSizeIsRefused() {
        assertImagesRefused(": the header declares images of -28 x 28, all sizes must be positive",
                IdxBytes.withInt(IMAGES, 8, -28));
    }

    @Test
    void givenAZeroWidth_whenRead_thenTheSizeIsRefused() {
        assertImagesRefused(": the header declares images of 28 x 0, all sizes must be positive",
                IdxBytes.withInt(IMAGES, 12, 0));
    }

    @Test
    void givenSizesWhoseProductOverflows_whenRead_thenRefusedWithoutAllocating() {
        byte[] hostile = IdxBytes.withInt(IdxBytes.withInt(IMAGES, 8, Integer.MAX_VALUE), 12, Integer.MAX_VALUE);
        assertImagesRefused(": the header declares 12 images of 2147483647 x 2147483647, more than the 2147483639 bytes "
                + "that can be held: split the file", hostile);
    }

    @ParameterizedTest
    @CsvSource({"1, 9, 13", "1, 1, 1", "1, 300, 2", "3, 9, 13", "3, 32, 32", "2, 5, 4", "12, 7, 31", "1, 5, 6"})
    void givenImagesOfAnyShape_whenRead_thenShapePixelsAndDigestAreTheirs(int channels, int height, int width)
            throws Exception {
        ImageShape shape = new ImageShape(channels, height, width);
        byte[] pixels = new byte[5 * shape.size()];
        for (int k = 0; k < pixels.length; ++k) {
            pixels[k] = (byte) (11 * k + k / 256);
        }
        byte[] images = IdxBytes.images(5, shape, pixels);
        Dataset data = read(images, IdxBytes.labels(5));
        assertEquals(shape, data.shape());
        for (int k = 0; k < pixels.length; ++k) {
            assertEquals((pixels[k] & 0xFF) / 255f, data.pixels(k / shape.size())[k % shape.size()]);
        }
        assertEquals(Dataset.of("other", shape, 7, pixels, new byte[] {0, 1, 2, 3, 4}).digest(), data.digest());
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        sha256.update(images);
        sha256.update(IdxBytes.labels(5));
        assertEquals(Sha256.finish(sha256), data.digest());
    }

    @Test
    void givenGreyImagesInFourDimensions_whenRead_thenTheyAreThoseOfThree() throws IOException {
        byte[] pixels = Arrays.copyOfRange(IMAGES, 16, IMAGES.length);
        byte[] four = ByteBuffer.allocate(20 + pixels.length).putInt(0x0804).putInt(12).putInt(1).putInt(28).putInt(28)
                .put(pixels).array();
        assertEquals(read(IMAGES, LABELS).digest(), read(four, LABELS).digest());
    }

    @Test
    void givenChannelsInTheLastDimension_whenRead_thenRefusedWithTheOrderThatIsRead() {
        byte[] last = ByteBuffer.allocate(20 + 12 * 32 * 32 * 3)
                .putInt(0x0804).putInt(12).putInt(32).putInt(32).putInt(3).array();
        assertImagesRefused(": the header declares images of 32 x 32 x 3, which look like [height, width, channels]: store "
                + "the channels first, [N, channels, height, width]", last);
    }

    @Test
    void givenAMissingLastByte_whenRead_thenTheBodyIsCutOff() {
        assertImagesRefused(": the body ends after 9407 bytes, 9408 expected for 12 images",
                IdxBytes.resized(IMAGES, IMAGES.length - 1));
    }

    @Test
    void givenTheLargestCountOverATinyBody_whenRead_thenTheBodyIsCutOff() {
        assertImagesRefused(": the body ends after 9408 bytes, 822083584 expected for 1048576 images",
                IdxBytes.withInt(IMAGES, 4, IdxFile.MAX_COUNT));
    }

    @Test
    void givenTrailingBytes_whenRead_thenTheyAreCounted() {
        assertLabelsRefused(": 2 bytes follow the 12 that the header declares", IdxBytes.resized(LABELS, 22));
    }

    @Test
    void givenASmallFileThatUnpacksToAHugeOne_whenRead_thenUnpackingStopsEarly() {
        byte[] bomb = IdxBytes.gzip(IdxBytes.resized(LABELS, 50_000_000));
        assertLabelsRefused(": at least 65536 bytes follow the 12 that the header declares", bomb);
    }

    @Test
    void givenFewerLabelsThanImages_whenRead_thenBothCountsAreNamed() {
        assertMessage(imageFile() + ": there are 12 images, but 11 labels in " + labelFile(),
                assertThrows(DataException.class, () -> read(IMAGES, IdxBytes.labels(11))));
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 100, 127, 128, 255})
    void givenALargeLabel_whenRead_thenItIsTheLastClass(int label) throws IOException {
        Dataset data = read(IMAGES, IdxBytes.withByte(LABELS, 12, label));
        assertEquals(label, data.label(4));
        assertEquals(label, data.labels()[4]);
        assertEquals(label + 1, data.classes());
        assertEquals(label + 1, data.range(0, 2).classes());
        assertEquals(label + 1, data.subset(0).classes());
    }

    @Test
    void givenACutOffGzipStream_whenRead_thenRefused() {
        byte[] packed = IdxBytes.gzip(IMAGES);
        assertImagesRefused(": the gzip stream ends early; the file is cut off",
                IdxBytes.resized(packed, packed.length - 9));
    }

    @Test
    void givenOnlyTheGzipMagic_whenRead_thenTheStreamEndsEarly() {
        assertImagesRefused(": the gzip stream ends early; the file is cut off", new byte[] {0x1F, (byte) 0x8B});
    }

    @Test
    void givenAWrongGzipChecksum_whenRead_thenTheStreamIsCorrupt() {
        byte[] packed = IdxBytes.gzip(IMAGES);
        packed[packed.length - 8] ^= 1;
        assertImagesRefused(": the gzip stream is corrupt (its checksum is wrong)", packed);
    }

    @Test
    void givenAnythingBehindAGzipStream_whenRead_thenRefused() {
        byte[] packed = IdxBytes.gzip(IMAGES);
        for (byte[] behind : List.of(new byte[1], new byte[100], "text".getBytes(), new byte[] {0x1F},
                new byte[] {0x1F, 0x20}, new byte[] {0x1F, (byte) 0x8B, 7, 0, 0, 0, 0, 0, 0, 0})) {
            DataException refusal = assertThrows(DataException.class,
                    () -> read(IdxBytes.concatenated(packed, behind), LABELS));
            assertTrue(refusal.getMessage().startsWith(imageFile() + ": the gzip stream "), refusal.getMessage());
        }
    }

    @Test
    void givenSeveralGzipMembers_whenRead_thenTheyAreOneContent() throws IOException {
        byte[] packed = new byte[0];
        for (int from = 0; from < IMAGES.length; from += 1_000) {
            packed = IdxBytes.concatenated(packed,
                    IdxBytes.gzip(Arrays.copyOfRange(IMAGES, from, Math.min(IMAGES.length, from + 1_000))));
        }
        assertEquals(read(IMAGES, LABELS).digest(), read(packed, LABELS).digest());
    }

    /** RFC 1952's optional fields: extra, name, comment and header checksum, whose presence flags tell. */
    @Test
    void givenAGzipHeaderWithAllItsFields_whenRead_thenTheyAreSkipped() throws IOException {
        byte[] packed = IdxBytes.gzip(IMAGES);
        byte[] header = Arrays.copyOf(packed, 10);
        header[3] = 0b11111;
        byte[] fields = {3, 0, 'a', 'b', 'c', 'n', 'a', 'm', 'e', 0, 'c', 0, 0x12, 0x34};
        byte[] whole = IdxBytes.concatenated(IdxBytes.concatenated(header, fields),
                Arrays.copyOfRange(packed, 10, packed.length));
        assertEquals(read(IMAGES, LABELS).digest(), read(whole, LABELS).digest());
    }

    @Test
    void givenAnyFlippedHeaderByte_whenRead_thenRefusedInOneLine() {
        for (int offset = 0; offset < 16; ++offset) {
            byte[] spoilt = IdxBytes.withByte(IMAGES, offset, ByteBuffer.wrap(IMAGES).get(offset) ^ 0x41);
            DataException refusal = assertThrows(DataException.class, () -> read(spoilt, LABELS));
            assertTrue(refusal.getMessage().startsWith(imageFile() + ": "), refusal.getMessage());
            assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
        }
    }

    private Dataset read(byte[] images, byte[] labels) throws IOException {
        Files.write(imageFile(), images);
        Files.write(labelFile(), labels);
        IdxPair pair = IdxPair.read(imageFile(), labelFile());
        return pair.named(new Dataset.Origin("custom", false), pair.classes());
    }

    private void assertImagesRefused(String expected, byte[] images) {
        assertMessage(imageFile() + expected, assertThrows(DataException.class, () -> read(images, LABELS)));
    }

    private void assertLabelsRefused(String expected, byte[] labels) {
        assertMessage(labelFile() + expected, assertThrows(DataException.class, () -> read(IMAGES, labels)));
    }

    private static void assertMessage(String expected, DataException refusal) {
        assertEquals(expected, refusal.getMessage());
    }

    private Path imageFile() {
        return folder.resolve("images.bin");
    }

    private Path labelFile() {
        return folder.resolve("labels.bin");
    }
}

package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.files.Sha256;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrays of NumPy's as data. Element [n, c, y, x] of the images is n / 2 + c / 8 + y / 32 + x / 64 or 64 times that. */
class NpyReaderTest {

    private static final int COUNT = 2;
    private static final ImageShape COLOUR = new ImageShape(3, 2, 2);

    @TempDir
    private Path folder;

    private static double element(int n, int c, int y, int x) {
        return n / 2.0 + c / 8.0 + y / 32.0 + x / 64.0;
    }

    /** All images in the order of a loop over axes, outermost first, each one of n, c, y, x. */
    private static double[] inOrder(String axes, ImageShape shape) {
        double[] values = new double[COUNT * shape.size()];
        int[] place = new int[4];
        int[] sizes = new int[4];
        for (int axis = 0; axis < 4; ++axis) {
            sizes[axis] = switch (axes.charAt(axis)) {
                case 'n' -> COUNT;
                case 'c' -> shape.channels();
                case 'y' -> shape.height();
                default -> shape.width();
            };
        }
        for (int k = 0; k < values.length; ++k) {
            int rest = k;
            for (int axis = 3; axis >= 0; --axis) {
                place[axis] = rest % sizes[axis];
                rest /= sizes[axis];
            }
            values[k] = element(place[axes.indexOf('n')], place[axes.indexOf('c')], place[axes.indexOf('y')],
                    place[axes.indexOf('x')]);
        }
        return values;
    }

    private static void assertHolds(ImageShape shape, Dataset data) {
        assertEquals(shape, data.shape());
        assertEquals(COUNT, data.size());
        for (int n = 0; n < COUNT; ++n) {
            float[] expected = new float[shape.size()];
            for (int k = 0; k < expected.length; ++k) {
                expected[k] = (float) element(n, k / shape.area(), k % shape.area() / shape.width(), k % shape.width());
            }
            assertArrayEquals(expected, data.pixels(n));
        }
    }

    @Test
    void givenAnArchiveWithoutLabels_whenLabelsAreNamed_thenTheyAreItsImages() throws IOException {
        byte[] arrays = NpyBytes.bytes(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2);
        Path labels = Files.write(folder.resolve("y.npy"), labels());
        for (String name : List.of("images", "x", "x_test")) {
            Path file = NpyBytes.zip(folder.resolve(name + ".npz"), true, Map.of(name, arrays));
            Dataset data = DatasetReaders.read(new DataFiles(file, Optional.of(labels), Optional.empty()), Set.of(Split.TEST))
                    .get(Split.TEST);
            assertArrayEquals(new int[] {2, 0}, data.labels());
            assertTrue(data.labelled());
        }
        Path both = NpyBytes.zip(folder.resolve("both.npz"), true, Map.of("x_train", arrays, "x_test", arrays));
        assertEquals(both + ": " + labels + " can hold the labels of one set of images: to train, store y_train and y_test in the .npz "
                + "file", assertThrows(DataException.class, () -> DatasetReaders.read(new DataFiles(both, Optional.of(labels),
                Optional.empty()), EnumSet.allOf(Split.class))).getMessage());
    }

    private Dataset read(byte[] images, byte[] labels, Shape... input) throws IOException {
        DataFiles files = new DataFiles(Files.write(folder.resolve("x.npy"), images),
                Optional.of(Files.write(folder.resolve("y.npy"), labels)), Arrays.stream(input).findFirst());
        return DatasetReaders.read(files, Set.of(Split.TEST)).get(Split.TEST);
    }

    private void assertRefused(String message, byte[] images, byte[] labels) {
        assertEquals(folder + "/" + message, assertThrows(DataException.class, () -> read(images, labels)).getMessage());
    }

    private static byte[] labels() {
        return NpyBytes.labels(2, 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"<f4", ">f4", "<f8", ">f8"})
    void givenFloatsOfAnySizeAndByteOrder_whenRead_thenTheyStandForThemselves(String descr) throws IOException {
        Dataset data = read(NpyBytes.numbers(descr, false, inOrder("ncyx", COLOUR), 2, 3, 2, 2), labels());
        assertHolds(COLOUR, data);
        assertEquals(Ball.Centre.FLOAT, data.ball(Epsilon.parse("0.1")).centre());
        assertEquals(3, data.classes());
        assertArrayEquals(new int[] {2, 0}, data.labels());
        assertEquals("x.npy", data.name());
        assertTrue(data.labelled());
    }

    @Test
    void givenHalves_whenRead_thenEachIsItsExactValue() throws IOException {
        short[] bits = {0, (short) 0x8000, 1, 0x03FF, 0x0400, 0x3555, 0x3800, 0x3C00};
        ByteBuffer body = ByteBuffer.allocate(2 * bits.length);
        for (short half : bits) {
            body.putShort(half);
        }
        Dataset data = read(NpyBytes.file(">f2", false, "2, 2, 2", body.array()), labels());
        assertArrayEquals(new float[] {0, -0f, 0x1p-24f, 1023 * 0x1p-24f}, data.pixels(0));
        assertArrayEquals(new float[] {0x1p-14f, 1365 * 0x1p-12f, 0.5f, 1}, data.pixels(1));
    }

    @ParameterizedTest
    @CsvSource({"ncyx, xycn, 2;3;2;2", "nyxc, cxyn, 2;2;2;3"})
    void givenChannelsInEitherPlaceAndEitherOrder_whenRead_thenTheyAreInFront(String order, String fortran, String sizes)
            throws IOException {
        int[] shape = Arrays.stream(sizes.split(";")).mapToInt(Integer::parseInt).toArray();
        assertHolds(COLOUR, read(NpyBytes.numbers("<f4", false, inOrder(order, COLOUR), shape), labels()));
        assertHolds(COLOUR, read(NpyBytes.numbers("<f4", true, inOrder(fortran, COLOUR), shape), labels()));
    }

    @Test
    void givenGreyImagesAndVectorsInEitherOrder_whenRead_thenTheirShapeIsTheArraysOrTheNetworks() throws IOException {
        ImageShape grey = new ImageShape(1, 2, 3);
        for (boolean fortran : new boolean[] {false, true}) {
            double[] values = inOrder(fortran ? "xycn" : "ncyx", grey);
            assertHolds(grey, read(NpyBytes.numbers("<f4", fortran, values, 2, 2, 3), labels()));
        }
        byte[] vectors = NpyBytes.numbers("<f4", false, inOrder("ncyx", grey), 2, 6);
        assertEquals(new ImageShape(1, 1, 6), read(vectors, labels()).shape());
        assertEquals(new ImageShape(1, 1, 6), read(vectors, labels(), Shape.of(6)).shape());
        assertHolds(grey, read(vectors, labels(), Shape.of(1, 2, 3)));
        assertHolds(grey, read(vectors, labels(), Shape.of(2, 3, 1)));
    }

    @Test
    void givenChannelsThatCanBeInEitherPlace_whenRead_thenTheNetworkSettlesItOrTheyAreRefused() throws IOException {
        ImageShape shape = new ImageShape(2, 2, 5);
        byte[] first = NpyBytes.numbers("<f4", false, inOrder("ncyx", shape), 2, 2, 2, 5);
        byte[] last = NpyBytes.numbers("<f4", false, inOrder("nyxc", shape), 2, 2, 5, 2);
        assertHolds(shape, read(first, labels(), shape.shape()));
        assertHolds(shape, read(last, labels(), shape.shape()));
        assertRefused("x.npy: images of [2, 2, 2, 5] may have their channels first or last, and nothing settles which: "
                + "write them as IDX, [N, channels, height, width]", first, labels());
        byte[] cube = NpyBytes.floats(new float[2 * 27], 2, 3, 3, 3);
        assertThrows(DataException.class, () -> read(cube, labels(), Shape.of(3, 3, 3)));
    }

    @Test
    void givenBytesInAnArchive_whenRead_thenTheyAreThoseOfAnIdxFile() throws IOException {
        byte[] pixels = {0, 1, 127, (byte) 128, (byte) 200, -1};
        Dataset known = Dataset.of("custom", new ImageShape(1, 1, 3), 4, pixels, new byte[] {1, 3});
        for (boolean deflated : new boolean[] {false, true}) {
            for (String[] names : new String[][] {{"images", "labels"}, {"x_test", "y_test"}, {"x", "y"}}) {
                Path file = NpyBytes.zip(folder.resolve("any.name"), deflated, Map.of(names[0],
                        NpyBytes.bytes(pixels, 2, 1, 3), names[1], NpyBytes.labels(1, 3), "other", NpyBytes.labels(1)));
                Dataset data = DatasetReaders.read(DataFiles.of(file), Set.of(Split.TEST)).get(Split.TEST);
                assertEquals(known.digest(), data.digest());
                assertEquals(Ball.Centre.BYTE, data.ball(Epsilon.parse("0.1")).centre());
                assertArrayEquals(known.pixels(1), data.pixels(1));
            }
        }
    }

    @Test
    void givenAnArchiveOfBothSplits_whenRead_thenBothHaveAllClasses() throws IOException {
        Path file = NpyBytes.zip(folder.resolve("all.npz"), true, Map.of(
                "x_train", NpyBytes.bytes(new byte[12], 3, 2, 2), "y_train", NpyBytes.labels(5, 1, 0),
                "x_test", NpyBytes.bytes(new byte[4], 1, 2, 2), "y_test", NpyBytes.labels(2)));
        Map<Split, Dataset> both = DatasetReaders.read(DataFiles.of(file), EnumSet.allOf(Split.class));
        assertEquals(3, both.get(Split.TRAIN).size());
        assertEquals(6, both.get(Split.TEST).classes());
        assertEquals(2, both.get(Split.TEST).label(0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"|i1", "|u1", "<i2", ">i2", "<u2", "<i4", ">u4", "<i8", ">i8", "<u8"})
    void givenLabelsOfAnyIntegerType_whenRead_thenTheyAreTheirs(String descr) throws IOException {
        byte[] images = NpyBytes.bytes(new byte[8], 2, 2, 2);
        assertArrayEquals(new int[] {100, 7}, read(images, NpyBytes.numbers(descr, false, new double[] {100, 7}, 2)).labels());
        assertArrayEquals(new int[] {100, 7}, read(images, NpyBytes.numbers(descr, false, new double[] {100, 7}, 2, 1)).labels());
    }

    @Test
    void givenUnusableLabels_whenRead_thenRefusedByName() {
        byte[] images = NpyBytes.bytes(new byte[8], 2, 2, 2);
        assertRefused("y.npy: is an array of [2, 3], which looks like one-hot labels: store the number of each image's class, [N]",
                images, NpyBytes.numbers("<f4", false, new double[6], 2, 3));
        assertRefused("y.npy: is an array of [2] of float32, labels [N] of an integer type expected", images,
                NpyBytes.floats(new float[2], 2));
        assertRefused("y.npy: the label of image 1 is -1, 0 to 255 expected", images, NpyBytes.labels(0, -1));
        assertRefused("y.npy: the label of image 0 is 256, 0 to 255 expected", images, NpyBytes.labels(256, 0));
        assertRefused("y.npy: holds 3 labels, but " + folder + "/x.npy holds 2 images", images, NpyBytes.labels(0, 1, 2));
    }

    @Test
    void givenElementsOutsideTheInputRange_whenRead_thenTheRangeIsNamed() {
        assertRefused("x.npy: the elements lie in [0.0, 255.0], floats in [0, 1] expected: divide them by 255, or store uint8",
                NpyBytes.floats(new float[] {0, 255, 3, 4}, 2, 1, 2), labels());
        assertRefused("x.npy: the elements lie in [-0.5, 2.75], floats in [0, 1] expected: store them without normalisation, "
                + "and give it by mean and std", NpyBytes.floats(new float[] {0, 2.75f, -0.5f, 1}, 2, 1, 2), labels());
        assertRefused("x.npy: the elements lie in [0.0, 1.0000000000000002], floats in [0, 1] expected: divide them by 255, or "
                + "store uint8", NpyBytes.numbers("<f8", false, new double[] {0, 0, 0, Math.nextUp(1.0)}, 2, 1, 2), labels());
        assertRefused("x.npy: image 1 holds a NaN", NpyBytes.floats(new float[] {0, 1, Float.NaN, 1}, 2, 1, 2), labels());
        assertRefused("x.npy: the images are of type int64, uint8 or floats in [0, 1] expected",
                NpyBytes.numbers("<i8", false, new double[4], 2, 1, 2), labels());
    }

    @Test
    void givenAMalformedArray_whenRead_thenEachFaultIsNamed() {
        byte[] good = NpyBytes.bytes(new byte[8], 2, 2, 2);
        assertRefused("x.npy: has 135 bytes, a header of 128 and 8 for [2, 2, 2] of uint8 expected; the file is cut off",
                Arrays.copyOf(good, 135), labels());
        assertRefused("x.npy: has 137 bytes, a header of 128 and 8 for [2, 2, 2] of uint8 expected",
                Arrays.copyOf(good, 137), labels());
        assertRefused("x.npy: the header ends after 90 bytes, 118 expected; the file is cut off",
                Arrays.copyOf(good, 100), labels());
        assertRefused("y.npy: not an array of NumPy's: it does not start with \\x93NUMPY and a version", good, new byte[9]);
        byte[] later = good.clone();
        later[6] = 4;
        assertRefused("x.npy: the format's version is 4.0, 1.0 to 3.0 expected", later, labels());
        assertRefused("x.npy: the header declares [1000000, 9000, 9000] of uint8, more than the 2147483639 bytes that can be held: "
                + "split the file, or store uint8", NpyBytes.bytes(new byte[8], 1_000_000, 9000, 9000), labels());
        assertRefused("x.npy: the header declares the shape (2, 0, 2), sizes of 1 to 2147483647 expected",
                NpyBytes.bytes(new byte[0], 2, 0, 2), labels());
        assertRefused("x.npy: the header declares the shape (99999999999, 2), sizes of 1 to 2147483647 expected",
                NpyBytes.file("|u1", false, "99999999999, 2", new byte[8]), labels());
        for (String descr : new String[] {"|O", "|b1", "<c8", "<U3", "|f1"}) {
            assertRefused("x.npy: the elements are of type '" + descr + "', integers or floats of 16 to 64 bits expected",
                    NpyBytes.file(descr, false, "2, 2, 2", new byte[8]), labels());
        }
        assertRefused("x.npy: the header is not the one that NumPy writes, of descr, fortran_order and shape",
                NpyBytes.file("|u1", false, "2, 2, 2), 'more': (1", new byte[8]), labels());
        assertRefused("x.npy: is an array of [2], images [N, height, width], [N, channels, height, width], "
                + "[N, height, width, channels] or [N, elements] expected, N at most 1048576",
                NpyBytes.bytes(new byte[2], 2), labels());
    }

    @Test
    void givenADamagedArchive_whenRead_thenItIsNamed() throws IOException {
        byte[] body = {9, 8, 7, 6, 5, 4, 3, 2};
        Path file = NpyBytes.zip(folder.resolve("a.npz"), false, Map.of("images", NpyBytes.bytes(body, 2, 2, 2),
                "labels", labels()));
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 30));
        String cut = refusal(DataFiles.of(file), Split.TEST);
        assertEquals(file + ": the archive is cut off or corrupt (", cut.substring(0, cut.indexOf('(') + 1));
        byte[] spoiled = whole.clone();
        for (int k = 0; k + body.length <= spoiled.length; ++k) {
            if (Arrays.equals(spoiled, k, k + body.length, body, 0, body.length)) {
                spoiled[k + 4] = 1;
            }
        }
        Files.write(file, spoiled);
        assertEquals(file + ", images.npy: the archive is corrupt: its checksum is wrong", refusal(DataFiles.of(file), Split.TEST));
    }

    @Test
    void givenMissingParts_whenRead_thenItSaysWhatToDo() throws IOException {
        Path alone = NpyBytes.zip(folder.resolve("b.npz"), true, Map.of("images", NpyBytes.bytes(new byte[8], 2, 2, 2)));
        assertFalse(DatasetReaders.read(DataFiles.of(alone), Set.of(Split.TEST)).get(Split.TEST).labelled());
        Path file = NpyBytes.zip(folder.resolve("a.npz"), true, Map.of("images", NpyBytes.bytes(new byte[8], 2, 2, 2),
                "y_test", labels()));
        assertEquals(file + ": holds no x_test and y_test, nor images and labels, nor x and y",
                refusal(DataFiles.of(file), Split.TEST));
        assertEquals(file + ": holds no x_train and y_train", refusal(DataFiles.of(file), Split.TRAIN));
        Path images = Files.write(folder.resolve("x.npy"), NpyBytes.bytes(new byte[8], 2, 2, 2));
        assertFalse(DatasetReaders.read(DataFiles.of(images), Set.of(Split.TEST)).get(Split.TEST).labelled());
        assertEquals(images + ": holds one set of images; to train, name an .npz file of x_train, y_train, x_test and y_test, "
                + "or a folder", refusal(DataFiles.of(images), Split.TRAIN));
        assertEquals(file + ": has its own labels, so " + images + " is not needed: drop labels",
                refusal(new DataFiles(file, Optional.of(images), Optional.empty()), Split.TEST));
    }

    private static String refusal(DataFiles files, Split split) {
        return assertThrows(DataException.class, () -> DatasetReaders.read(files, Set.of(split))).getMessage();
    }

    @Test
    void givenFloats_whenPicked_thenImagesAndDigestAreTheirsAndNotThoseOfBytes() throws Exception {
        Dataset data = read(NpyBytes.floats(new float[] {0, 0.25f, 0.5f, 1}, 2, 1, 2), labels());
        assertArrayEquals(new float[] {0.5f, 1}, data.range(1, 2).pixels(0));
        assertArrayEquals(new float[] {0.5f, 1}, data.subset(0, 1, 1).pixels(2));
        MessageDigest sha256 = Sha256.start();
        sha256.update(ByteBuffer.allocate(32).putInt(0x0D03).putInt(2).putInt(1).putInt(2)
                .putFloat(0).putFloat(0.25f).putFloat(0.5f).putFloat(1).array());
        sha256.update(ByteBuffer.allocate(10).putInt(0x0801).putInt(2).put((byte) 2).put((byte) 0).array());
        assertEquals(Sha256.finish(sha256), data.digest());
        assertNotEquals(read(NpyBytes.floats(new float[] {0, 0.25f, 0.5f, 0}, 2, 1, 2), labels()).digest(), data.digest());
    }
}

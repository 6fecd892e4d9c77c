package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.files.Sha256;
import dev.bulwark.shapes.ImageShape;
import java.math.BigDecimal;
import java.math.MathContext;
import java.security.MessageDigest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DatasetTest {

    private static final byte[] PIXELS = {0, 1, 2, 3, 4, 5, (byte) 128, (byte) 129, (byte) 130, (byte) 253, (byte) 254, -1};
    private static final ImageShape LINE = new ImageShape(1, 1, 3);
    private static final Dataset TINY = Dataset.of("custom", LINE, 10, PIXELS, new byte[] {7, 0, 9, 3});

    @Test
    void givenEveryByte_whenReadAsPixel_thenItIsTheFloatNearestToItsShareOf255() {
        byte[] all = new byte[256];
        for (int value = 0; value < 256; ++value) {
            all[value] = (byte) value;
        }
        float[] pixels = Dataset.of("custom", new ImageShape(1, 16, 16), 2, all, new byte[1]).pixels(0);
        for (int value = 0; value < 256; ++value) {
            BigDecimal exact = new BigDecimal(value).divide(new BigDecimal(255), MathContext.DECIMAL128);
            assertEquals(exact.floatValue(), pixels[value]);
        }
    }

    @Test
    void givenARun_whenReadInBulk_thenItEqualsImageByImage() {
        float[] bulk = new float[7];
        TINY.pixels(1, 3, bulk);
        assertArrayEquals(TINY.pixels(1), Arrays.copyOfRange(bulk, 0, 3));
        assertArrayEquals(TINY.pixels(2), Arrays.copyOfRange(bulk, 3, 6));
        assertEquals(0f, bulk[6]);
    }

    @Test
    void givenAShortArray_whenReadInBulk_thenBothSizesAreNamed() {
        IllegalArgumentException refusal =
                assertThrows(IllegalArgumentException.class, () -> TINY.pixels(0, 2, new float[5]));
        assertEquals("out has 5 elements, 2 images of 1 x 1 x 3 need 6", refusal.getMessage());
    }

    @Test
    void givenIndicesOutside_whenRead_thenRefused() {
        assertThrows(IndexOutOfBoundsException.class, () -> TINY.pixels(4));
        assertThrows(IndexOutOfBoundsException.class, () -> TINY.label(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> TINY.range(3, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> TINY.subset(0, 4));
    }

    @Test
    void givenTheCallersArrays_whenChangedLater_thenTheDatasetIsNot() {
        byte[] pixels = PIXELS.clone();
        byte[] labels = {7, 0, 9, 3};
        Dataset data = Dataset.of("custom", LINE, 10, pixels, labels);
        pixels[0] = 99;
        labels[0] = 1;
        assertEquals(0f, data.pixels(0)[0]);
        assertEquals(7, data.label(0));
    }

    @Test
    void givenAWrongLength_whenBuilt_thenBothSizesAreNamed() {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> Dataset.of("custom", LINE, 10, new byte[11], new byte[4]));
        assertEquals("pixels has 11 elements, 4 images of 1 x 1 x 3 need 12", refusal.getMessage());
    }

    @Test
    void givenALabelOutside_whenBuilt_thenRefused() {
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                () -> Dataset.of("custom", new ImageShape(1, 1, 1), 10, new byte[2], new byte[] {9, 10}));
        assertEquals("labels holds 10 at index 1, the last class is 9", refusal.getMessage());
    }

    @Test
    void givenNoClassesOrMoreThanBytesTell_whenBuilt_thenRefused() {
        for (int classes : new int[] {0, 257}) {
            IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class,
                    () -> Dataset.of("custom", LINE, classes, new byte[3], new byte[1]));
            assertEquals("classes is " + classes + ", 1 to 256 expected", refusal.getMessage());
        }
    }

    @Test
    void givenIndices_whenSubset_thenOrderAndRepetitionAreKept() {
        Dataset picked = TINY.subset(3, 1, 3);
        assertArrayEquals(new int[] {3, 0, 3}, picked.labels());
        assertArrayEquals(TINY.pixels(3), picked.pixels(2));
        assertEquals("custom", picked.name());
    }

    @Test
    void givenARange_whenTaken_thenItEqualsTheSubsetOfItsIndices() {
        assertEquals(TINY.subset(1, 2).digest(), TINY.range(1, 3).digest());
    }

    @Test
    void givenAnEmptyRange_whenTaken_thenItIsAnEmptyDataset() {
        assertEquals(0, TINY.range(2, 2).size());
    }

    @Test
    void givenTheSameContentAsIdx_whenDigested_thenItIsTheDigestOfBothFiles() throws Exception {
        byte[] images = IdxBytes.images(12);
        byte[] labels = IdxBytes.labels(12);
        Dataset data = Dataset.of("custom", new ImageShape(1, 28, 28), 10, Arrays.copyOfRange(images, 16, images.length),
                Arrays.copyOfRange(labels, 8, labels.length));
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        sha256.update(images);
        sha256.update(labels);
        assertEquals(Sha256.finish(sha256), data.digest());
    }

    @Test
    void givenOneOtherLabel_whenDigested_thenTheDigestDiffers() {
        Dataset other = Dataset.of("custom", LINE, 10, PIXELS, new byte[] {7, 0, 9, 4});
        assertNotEquals(TINY.digest(), other.digest());
    }
}

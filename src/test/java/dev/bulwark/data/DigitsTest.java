package dev.bulwark.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DigitsTest {

    private static final long SEED = 7;

    @Test
    void givenASeed_whenGenerated_thenTheBytesAreThoseOfEveryMachine() {
        assertEquals("886c8b7d9fa5dfb2249513ea63ee96e4c54a77c38be79c51cc5283f8ca806db9",
                Digits.generate(SEED, Split.TRAIN, 300).digest());
        assertEquals("1c97dedc017b6403b024b52458f02c7b04ef9e7d1427eb10f6c408a77b483f7e",
                Digits.generate(SEED, Split.TEST, 300).digest());
    }

    @Test
    void givenOneThreadOrSeven_whenGenerated_thenTheBytesAreTheSame() throws Exception {
        assertEquals(digestWith(1), digestWith(7));
    }

    @Test
    void givenMoreImages_whenGenerated_thenTheFirstOnesAreTheSame() {
        assertEquals(Digits.generate(SEED, Split.TRAIN, 33).digest(),
                Digits.generate(SEED, Split.TRAIN, 1021).range(0, 33).digest());
    }

    @Test
    void givenTheOtherSplit_whenGenerated_thenTheImagesDiffer() {
        assertNotEquals(Digits.generate(SEED, Split.TRAIN, 31).digest(), Digits.generate(SEED, Split.TEST, 31).digest());
    }

    @Test
    void givenSeedsThatDifferInTheUpperWord_whenGenerated_thenTheImagesDiffer() {
        assertNotEquals(Digits.generate(SEED, Split.TRAIN, 31).digest(),
                Digits.generate(SEED + (1L << 32), Split.TRAIN, 31).digest());
    }

    @Test
    void givenGeneratedDigits_whenAsked_thenTheyDoNotPassForMnist() {
        Dataset digits = Digits.generate(SEED, Split.TEST, 1);
        assertEquals("digits", digits.name());
        assertFalse(digits.verified());
    }

    @Test
    void givenNoImagesWanted_whenGenerated_thenRefused() {
        assertThrows(IllegalArgumentException.class, () -> Digits.generate(SEED, Split.TEST, 0));
    }

    /** 5,000 fair draws: each class's count has standard deviation 21, so 5 of them are 106. */
    @Test
    void givenManyImages_whenCounted_thenTheClassesAreBalanced() {
        int[] counts = new int[10];
        for (int label : Digits.generate(SEED, Split.TRAIN, 5_000).labels()) {
            ++counts[label];
        }
        for (int count : counts) {
            assertEquals(500, count, 106);
        }
    }

    /** MNIST's figures are 0.131 and, at the border, 0. */
    @Test
    void givenManyImages_whenMeasured_thenInkIsAsMnistHasItAndTheBorderIsPaper() {
        Dataset digits = Digits.generate(SEED, Split.TRAIN, 2_000);
        double ink = 0;
        double border = 0;
        for (int i = 0; i < digits.size(); ++i) {
            float[] image = digits.pixels(i);
            for (int k = 0; k < image.length; ++k) {
                ink += image[k];
                boolean outermost = k / 28 == 0 || k / 28 == 27 || k % 28 == 0 || k % 28 == 27;
                border += outermost ? image[k] : 0;
            }
        }
        assertEquals(0.125, ink / (2_000 * 784), 0.01);
        assertTrue(border / (2_000 * 108) < 0.001, "mean ink at the border is " + border / (2_000 * 108));
    }

    /** Neither a toy nor a riddle: on MNIST, the same 2,000 neighbours classify 86% of the first 500 test images. */
    @Test
    void givenNearestNeighbours_whenTested_thenAccuracyIsNearMnists() {
        Dataset train = Digits.generate(SEED, Split.TRAIN, 2_000);
        Dataset test = Digits.generate(SEED, Split.TEST, 500);
        float[][] known = images(train);
        long right = IntStream.range(0, test.size()).parallel()
                .filter(i -> train.label(nearest(known, test.pixels(i))) == test.label(i)).count();
        assertTrue(right >= 425 && right <= 490, right + " of 500 are right");
    }

    @Test
    void givenEveryDigit_whenSkeletonsAreListed_thenThereAreSeveralWaysInsideTheBox() {
        for (int digit = 0; digit < 10; ++digit) {
            assertTrue(Skeleton.of(digit).size() >= 2);
            for (Skeleton way : Skeleton.of(digit)) {
                for (double[] stroke : way.strokes()) {
                    assertEquals(0, stroke.length % 2);
                    for (double coordinate : stroke) {
                        assertTrue(coordinate >= 0 && coordinate <= 1);
                    }
                }
            }
        }
    }

    @Test
    void givenALevelLine_whenDrawn_thenInkIsTheStrokesWidth() {
        Canvas canvas = new Canvas(5);
        canvas.line(-9, 2.5, 14, 2.5, 1, 1, 1, 1);
        byte[] pixels = new byte[25];
        canvas.copyTo(pixels, 0);
        // Rows at distance 0, 1 and 2 from the line: 1.5 - distance, between 0 and 1.
        byte full = (byte) 255;
        byte half = (byte) 128;
        byte[] column = {0, half, full, half, 0};
        for (int k = 0; k < 25; ++k) {
            assertEquals(column[k / 5], pixels[k]);
        }
    }

    @Test
    void givenADot_whenBlurred_thenInkSpreadsAsOneTwoOne() {
        Canvas canvas = new Canvas(3);
        canvas.line(1.5, 1.5, 1.5, 1.5, 0.25, 0.25, 0.5, 1);
        canvas.blur(1);
        byte[] pixels = new byte[9];
        canvas.copyTo(pixels, 0);
        assertArrayEquals(new byte[] {16, 32, 16, 32, 64, 32, 16, 32, 16}, pixels);
    }

    private static String digestWith(int threads) throws ExecutionException, InterruptedException {
        ForkJoinPool pool = new ForkJoinPool(threads);
        try {
            return pool.submit(() -> Digits.generate(SEED, Split.TRAIN, 500).digest()).get();
        } finally {
            pool.shutdown();
        }
    }

    private static float[][] images(Dataset data) {
        return IntStream.range(0, data.size()).mapToObj(data::pixels).toArray(float[][]::new);
    }

    private static int nearest(float[][] known, float[] image) {
        int best = 0;
        float least = Float.MAX_VALUE;
        for (int j = 0; j < known.length; ++j) {
            float distance = 0;
            for (int k = 0; k < image.length; ++k) {
                float d = image[k] - known[j][k];
                distance += d * d;
            }
            if (distance < least) {
                least = distance;
                best = j;
            }
        }
        return best;
    }
}

package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.shapes.ImageShape;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AugmentationTest {

    private static final ImageShape IMAGE = new ImageShape(3, 20, 31);
    private static final int COUNT = 2000;

    /** Where the map of {@code image} takes the new image's (u, v). */
    private static double[] place(float[] maps, int image, double u, double v) {
        int at = image * Augmentation.MAP;
        return new double[] {maps[at] * u + maps[at + 1] * v + maps[at + 2], maps[at + 3] * u + maps[at + 4] * v
                + maps[at + 5]};
    }

    @Test
    void givenLimits_whenMapsAreDrawn_thenAnglesScalesAndShiftsFillThemAndNoMore() {
        double middleX = (IMAGE.width() - 1) / 2.0;
        double middleY = (IMAGE.height() - 1) / 2.0;
        float[] maps = new Augmentation(8, 0.1, 1.5).maps(3, 5, COUNT, IMAGE);
        double[] most = new double[4];
        for (int image = 0; image < COUNT; ++image) {
            int at = image * Augmentation.MAP;
            double scale = 1 / Math.hypot(maps[at], maps[at + 3]);
            double angle = Math.toDegrees(Math.atan2(maps[at + 3], maps[at]));
            assertEquals(maps[at], maps[at + 4]);
            assertEquals(maps[at + 1], -maps[at + 3]);
            // The new image's point that shows the old one's middle is the middle, shifted.
            double x = middleX - maps[at + 2];
            double y = middleY - maps[at + 5];
            double determinant = (double) maps[at] * maps[at + 4] - (double) maps[at + 1] * maps[at + 3];
            double u = (maps[at + 4] * x - maps[at + 1] * y) / determinant - middleX;
            double v = (maps[at] * y - maps[at + 3] * x) / determinant - middleY;
            double[] sizes = {Math.abs(angle) / 8, Math.abs(scale - 1) / 0.1, Math.abs(u) / 1.5, Math.abs(v) / 1.5};
            for (int k = 0; k < 4; ++k) {
                assertTrue(sizes[k] <= 1 + 1e-4, k + " of image " + image + ": " + sizes[k]);
                most[k] = Math.max(most[k], sizes[k]);
            }
        }
        for (double size : most) {
            assertTrue(size > 0.99, Arrays.toString(most));
        }
    }

    @Test
    void givenNothingToChange_whenMapsAreDrawn_thenTheyAreIdentities() {
        float[] maps = Augmentation.NONE.maps(1, 2, 3, IMAGE);
        assertArrayEquals(new double[] {4, 9}, place(maps, 2, 4, 9), 1e-5);
        assertTrue(Augmentation.NONE.isNone());
        assertFalse(new Augmentation(0, 0, 0.5).isNone());
    }

    @Test
    void givenAnEpoch_whenDrawnAgain_thenItsMapsAreItsOwn() {
        Augmentation augmentation = new Augmentation(5, 0, 1);
        float[] maps = augmentation.maps(1, 7, 100, IMAGE);
        assertArrayEquals(maps, augmentation.maps(1, 7, 100, IMAGE));
        assertArrayEquals(maps, Arrays.copyOf(augmentation.maps(1, 7, 200, IMAGE), maps.length));
        assertFalse(Arrays.equals(maps, augmentation.maps(1, 8, 100, IMAGE)));
        assertFalse(Arrays.equals(maps, augmentation.maps(2, 7, 100, IMAGE)));
    }

    @Test
    void givenNonsense_whenMade_thenTheNumberIsNamed() {
        assertThrows(IllegalArgumentException.class, () -> new Augmentation(-1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Augmentation(0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> new Augmentation(0, 0, Double.NaN));
    }

    @Test
    void givenColourImagesThatAreNotSquare_whenTrainedWithAugmentation_thenItGoesThrough() {
        Recipe recipe = Toy.ibp().but().augmentation(new Augmentation(5, 0.1, 1)).build();
        TrainingSet oblong = new TrainingSet(new float[36], new ImageShape(3, 2, 3), new int[] {0, 1}, 2, "oblong");
        try (Backend backend = CpuBackend.plainJava()) {
            assertEquals(18, Trainer.train(backend, recipe, oblong, progress -> { }).graph().input().size());
            assertEquals(0, backend.liveBytes());
        }
    }
}

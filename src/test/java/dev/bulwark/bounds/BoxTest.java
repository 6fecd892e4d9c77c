package dev.bulwark.bounds;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BoxTest {

    @Test
    void boxHoldsItsBoundsAndNothingOutside() {
        Box box = new Box(new float[] {-1, 0}, new float[] {2, 0});
        assertTrue(box.contains(new float[] {-1, 0}));
        assertTrue(box.contains(new float[] {2, 0}));
        assertFalse(box.contains(new float[] {2, Float.MIN_VALUE}));
        assertFalse(box.contains(new float[] {Float.NaN, 0}));
        assertThrows(IllegalArgumentException.class, () -> box.contains(new float[] {0}));
    }

    @Test
    void boxKeepsCopies() {
        float[] lower = {0, 1};
        Box box = new Box(lower, new float[] {3, 4});
        lower[0] = 2;
        box.upper()[1] = -7;
        assertArrayEquals(new float[] {0, 1}, box.lower());
        assertEquals(4, box.upper(1));
        assertEquals(new Box(new float[] {0, 1}, new float[] {3, 4}), box);
    }

    @Test
    void givenNoInterval_whenBuilt_thenNamesElementAndValues() {
        Exception crossed = assertThrows(IllegalArgumentException.class,
                () -> new Box(new float[] {0, 5}, new float[] {1, 4}));
        assertEquals("no interval at element 1: [5.0, 4.0]", crossed.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Box(new float[] {Float.NaN}, new float[] {1}));
        assertThrows(IllegalArgumentException.class, () -> new Box(new float[] {0}, new float[] {1, 2}));
    }
}

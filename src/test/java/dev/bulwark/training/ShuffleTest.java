package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShuffleTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 1021, 60_000})
    void givenAnyCount_whenShuffled_thenEveryImageComesOnce(int count) {
        int[] order = Shuffle.order(5, 3, count);

        Arrays.sort(order);
        assertArrayEquals(IntStream.range(0, count).toArray(), order);
    }

    @Test
    void givenTwoEpochsOrSeeds_whenShuffled_thenTheOrdersDiffer() {
        int[] order = Shuffle.order(5, 3, 100);

        assertFalse(Arrays.equals(order, Shuffle.order(5, 4, 100)));
        assertFalse(Arrays.equals(order, Shuffle.order(6, 3, 100)));
        assertArrayEquals(order, Shuffle.order(5, 3, 100));
    }

    /** 6,000 epochs of three images: each of the six orders 1,000 times, give or take five standard deviations of 29. */
    @Test
    void givenManyEpochs_whenShuffled_thenAllOrdersAreEquallyCommon() {
        int[] seen = new int[27];
        for (int epoch = 0; epoch < 6_000; ++epoch) {
            int[] order = Shuffle.order(1, epoch, 3);
            ++seen[9 * order[0] + 3 * order[1] + order[2]];
        }
        assertEquals(6, Arrays.stream(seen).filter(count -> Math.abs(count - 1_000) < 145).count(), Arrays.toString(seen));
    }
}

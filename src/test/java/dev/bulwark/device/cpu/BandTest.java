package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class BandTest {

    /** Rows 0 and 1 see columns 1 to 3, rows 2 and 3 column 6, row 4 nothing. */
    private static final float[] WEIGHT = {
        0, 1, 0, 0, 0, 0, 0, 0,
        0, 0, -1, 2, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 3, 0,
        0, 0, 0, 0, 0, 0, Float.NaN, 0,
        0, 0, -0f, 0, 0, 0, 0, 0,
    };

    @Test
    void givenZerosAroundTheWeights_whenCutIntoBands_thenEachHoldsAllOthers() {
        assertEquals(List.of(new Band(0, 2, 1, 3), new Band(2, 2, 6, 1), new Band(4, 1, 0, 0)), Band.of(WEIGHT, 5, 8, 2));
        assertEquals(List.of(new Band(0, 5, 1, 6)), Band.of(WEIGHT, 5, 8, 128));
    }

    @Test
    void givenLittleToLeaveOut_whenCutIntoBands_thenTheMatrixStaysWhole() {
        float[] dense = WEIGHT.clone();
        dense[0] = 1;
        dense[7] = 1;

        assertEquals(List.of(new Band(0, 2, 1, 3), new Band(2, 2, 6, 1)), Band.worthwhile(WEIGHT, 4, 8, 2));
        assertEquals(List.of(new Band(0, 5, 0, 8)), Band.worthwhile(WEIGHT, 5, 8, 2), "a band of nothing is no product");
        assertEquals(List.of(new Band(0, 4, 0, 8)), Band.worthwhile(WEIGHT, 4, 8, 4), "6 of 8 columns");
        assertEquals(List.of(new Band(0, 2, 0, 8)), Band.worthwhile(dense, 2, 8, 1), "one row of two is full");
    }
}

package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.device.NonZeros;
import dev.bulwark.device.ReceptiveFields.Range;
import dev.bulwark.device.ReceptiveFields;
import dev.bulwark.device.cpu.PackedProduct.Band;
import java.util.List;
import org.junit.jupiter.api.Test;

class PackedProductTest {

    /** Outputs 0 and 1 depend on inputs 1 to 3, outputs 2 and 3 on input 6, output 4 on none. */
    private static final float[] WEIGHT = {
        0, 1, 0, 0, 0, 0, 0, 0,
        0, 0, -1, 2, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 3, 0,
        0, 0, 0, 0, 0, 0, Float.NaN, 0,
        0, 0, 0, 0, 0, 0, 0, 0,
    };

    private static Band band(int firstOutput, int endOutput, int firstInput, int endInput) {
        return new Band(new Range(firstOutput, endOutput), new Range(firstInput, endInput));
    }

    private static ReceptiveFields fields(int outputs) {
        return NonZeros.of(WEIGHT, 8, outputs);
    }

    @Test
    void givenNarrowReceptiveFields_whenCutIntoBands_thenEachHasTheInputsOfItsOutputs() {
        assertEquals(List.of(band(0, 2, 1, 4), band(2, 4, 6, 7)), PackedProduct.bands(fields(4), 2));
        assertEquals(List.of(band(0, 3, 1, 7), band(3, 4, 6, 7)), PackedProduct.bands(fields(4), 3), "19 of 32 products");
        assertEquals(List.of(band(0, 2, 1, 2), band(2, 3, 0, 4)), PackedProduct.bands(NonZeros.of(new float[] {
            0, 1, 0, 0,
            0, 1, 0, 0,
            1, 0, 0, 1}, 4, 3), 2));
    }

    @Test
    void givenLittleToLeaveOut_whenCutIntoBands_thenTheMatrixStaysWhole() {
        assertEquals(List.of(band(0, 5, 0, 8)), PackedProduct.bands(fields(5), 2), "a band of nothing is no product");
        assertEquals(List.of(band(0, 4, 0, 8)), PackedProduct.bands(fields(4), 4), "6 of 8 inputs");
        assertEquals(List.of(band(0, 5, 0, 8)), PackedProduct.bands(ReceptiveFields.full(8, 5), 2));
    }

    /** Inputs 0, 4, 5 and 7 act on nothing. */
    @Test
    void givenTheTransposedMap_whenCutIntoBands_thenTheyAreOfInputs() {
        assertEquals(List.of(band(0, 4, 0, 2), band(4, 8, 2, 4)), PackedProduct.bands(fields(4).transposed(), 4));
        assertEquals(List.of(band(0, 8, 0, 4)), PackedProduct.bands(fields(4).transposed(), 1));
    }
}

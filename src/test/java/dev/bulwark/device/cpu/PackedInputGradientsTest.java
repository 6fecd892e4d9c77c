package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedInputGradientsTest {

    /** The smallest multiple of 8 with which as few chunks for each of two workers as there can be hold all rows. */
    @ParameterizedTest
    @CsvSource({"1, 8", "16, 8", "17, 16", "89, 48", "255, 128", "256, 128", "257, 72", "300, 80", "1000, 128"})
    void givenABatch_whenCutIntoChunks_thenTwoWorkersGetAsMany(int count, int rows) {
        assertEquals(rows, PackedInputGradients.rowsOfAChunk(count, 128, 2));
    }

    @ParameterizedTest
    @CsvSource({"1, 8", "89, 96", "128, 128", "129, 72"})
    void givenOneWorker_whenCutIntoChunks_thenTheyAreAsFewAsCanBe(int count, int rows) {
        assertEquals(rows, PackedInputGradients.rowsOfAChunk(count, 128, 1));
    }
}

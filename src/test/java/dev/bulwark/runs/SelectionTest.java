package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class SelectionTest {

    @Test
    void givenSkipAndLimit_whenChosen_thenBothHold() {
        assertArrayEquals(new int[] {0, 20, 40}, new Selection(List.of(), 20, OptionalInt.of(3)).of(10_000));
        assertEquals(500, Selection.every(20).of(10_000).length);
        assertArrayEquals(new int[] {0, 1, 2}, Selection.all().of(3));
    }

    @Test
    void givenNames_whenChosen_thenTheirOrderIsKept() {
        assertArrayEquals(new int[] {7, 2}, new Selection(List.of(7, 2, 5), 1, OptionalInt.of(2)).of(8));
    }

    @Test
    void givenAnIndexOutside_whenChosen_thenTheRangeIsNamed() {
        String complaint = assertThrows(ExperimentException.class,
                () -> new Selection(List.of(8), 1, OptionalInt.empty()).of(8)).getMessage();
        assertEquals("indices names image 8, the data set has 0 to 7", complaint);
    }

    @Test
    void givenCandidates_whenSpread_thenEvenlyAndInTheirOrder() {
        assertArrayEquals(new int[] {9, 5, 1}, Selection.spread(new int[] {9, 7, 5, 3, 1, 0}, 3));
        assertArrayEquals(new int[] {4, 2}, Selection.spread(new int[] {4, 2}, 3));
    }

    @Test
    void givenASelection_whenDescribed_thenPeopleUnderstandIt() {
        assertEquals("every 20th", Selection.every(20).describe());
        assertEquals("every 2nd, at most 9", new Selection(List.of(), 2, OptionalInt.of(9)).describe());
        assertEquals("every 111th", Selection.every(111).describe());
        assertEquals("every 23rd", Selection.every(23).describe());
        assertEquals("the first ones, at most 9", new Selection(List.of(), 1, OptionalInt.of(9)).describe());
    }
}

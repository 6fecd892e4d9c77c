package dev.bulwark.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.device.ReceptiveFields.Range;
import dev.bulwark.device.cpu.CpuBackend;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReceptiveFieldsTest {

    private static ReceptiveFields some() {
        ReceptiveFields.Builder builder = new ReceptiveFields.Builder(4, 3);
        builder.connect(0, 2);
        builder.connect(0, 0);
        builder.connect(2, 1);
        return builder.build();
    }

    @Test
    void givenConnections_whenBuilt_thenRangesHoldThemFromBothSides() {
        assertEquals(List.of(new Range(0, 3), Range.EMPTY, new Range(1, 2)), some().inputs());
        assertEquals(List.of(new Range(0, 1), new Range(2, 3), new Range(0, 1), Range.EMPTY), some().outputs());
        assertEquals(some().inputs(), some().transposed().outputs());
        assertEquals(some(), some().transposed().transposed());
    }

    @Test
    void givenSomeOutputs_whenAskedFor_thenTheRangeHoldsAllTheirFields() {
        assertEquals(new Range(0, 3), some().of(new Range(0, 3)));
        assertEquals(new Range(1, 2), some().of(new Range(1, 3)), "an empty field widens none");
        assertEquals(0, some().of(new Range(1, 2)).size());
        assertEquals(0, some().of(new Range(3, 3)).size());
        assertEquals(new Range(2, 3), some().transposed().of(new Range(1, 2)));
    }

    @Test
    void givenADenseLayer_whenMade_thenItsFieldsAreFull() {
        try (CpuBackend backend = CpuBackend.plainJava(); DeviceMemory memory = new DeviceMemory(backend)) {
            Affine layer = new Affine(memory.zeros(6), memory.zeros(2), 3, 2);
            assertEquals(new ReceptiveFields(List.of(new Range(0, 3), new Range(0, 3)),
                    List.of(new Range(0, 2), new Range(0, 2), new Range(0, 2))), layer.fields());
            DeviceBuffer weight = layer.weight();
            assertThrows(IllegalArgumentException.class,
                    () -> new Affine(weight, layer.bias(), 3, 2, ReceptiveFields.full(2, 3)));
        }
    }

    @Test
    void givenRangesOutside_whenMade_thenTheyAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Range(-1, 0));
        assertThrows(IllegalArgumentException.class, () -> new Range(2, 1));
        List<Range> wide = List.of(new Range(0, 2));
        List<Range> narrow = List.of(new Range(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new ReceptiveFields(wide, narrow));
        assertThrows(IllegalArgumentException.class, () -> new ReceptiveFields(narrow, wide));
    }
}

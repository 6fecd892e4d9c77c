package dev.bulwark.device;

import static dev.bulwark.device.BackendFixture.close;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** Memory: buffers and slices, and sequences that are recorded and replayed. */
interface MemoryContract extends OnBackend {

    @Test
    default void givenABuffer_whenUsedAfterClose_thenItThrowsAndBytesAreBack() {
        DeviceBuffer buffer = backend().allocate(100);
        DeviceBuffer slice = buffer.slice(10, 20);
        assertTrue(backend().liveBytes() >= 400);
        buffer.close();
        buffer.close();
        assertEquals(0, backend().liveBytes());
        assertThrows(IllegalStateException.class, () -> backend().fill(buffer, 0f));
        assertThrows(IllegalStateException.class, () -> backend().fill(slice, 0f));
    }

    @Test
    default void givenASlice_whenWritten_thenOnlyItsElementsChange() {
        try (DeviceBuffer buffer = device(1, 2, 3, 4, 5)) {
            backend().write(new float[] {9, 8}, buffer.slice(1, 3));
            assertArrayEquals(new float[] {1, 9, 8, 4, 5}, host(buffer));
            backend().fill(buffer.slice(3, 2), -1f);
            assertArrayEquals(new float[] {1, 9, 8, -1, -1}, host(buffer));
            backend().copy(buffer.slice(0, 2), 2, buffer.slice(3, 2));
            assertArrayEquals(new float[] {1, 9, 8, 1, 9}, host(buffer));
            backend().fill(buffer.slice(2, 0), 3f);
            backend().fill(buffer.slice(2, 1), 4f);
            assertArrayEquals(new float[] {1, 9, 4, 1, 9}, host(buffer));
        }
    }

    @Test
    default void givenTooShortABuffer_whenUsed_thenTheMessageNamesBothSizes() {
        try (DeviceBuffer buffer = device(1, 2)) {
            Exception e = assertThrows(IllegalArgumentException.class, () -> backend().elementwise().relu(buffer, 3));
            assertTrue(e.getMessage().contains("3") && e.getMessage().contains("2"), e.getMessage());
        }
    }

    @Test
    default void givenARecordedSequence_whenReplayed_thenItReadsTheScalarsOfThatMoment() {
        try (DeviceBuffer x = device(0.5f, 0.9f);
             DeviceBuffer epsilon = device(0.1f);
             DeviceBuffer centre = backend().allocate(2);
             DeviceBuffer radius = backend().allocate(2);
             Backend.Replay replay = backend().record(
                     () -> backend().trainingIntervals().boxAround(x, 2, epsilon, centre, radius))) {
            replay.run();
            close(new double[] {0.1, 0.1}, host(radius), 1e-6);
            backend().write(new float[] {0.2f}, epsilon);
            replay.run();
            close(new double[] {0.2, 0.15}, host(radius), 1e-6);
        }
    }
}

package dev.bulwark.shapes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.shapes.Windows.Axis;
import org.junit.jupiter.api.Test;

class WindowsTest {

    /** On an edge long enough for windows to lie on all sides of some element. */
    @Test
    void givenAnyKernelStrideAndDilation_whenOverlapped_thenAnElementHasAsManyWindowsAsAreCounted() {
        for (int kernel = 1; kernel <= 7; ++kernel) {
            for (int stride = 1; stride <= 6; ++stride) {
                for (int dilation = 1; dilation <= 6; ++dilation) {
                    Axis axis = new Axis(kernel, stride, 0, 0, dilation);
                    assertEquals(most(axis, 200), axis.overlap(), axis.toString());
                    assertEquals(2 * most(axis, 200), new Windows(axis, new Axis(3, 2, 1, 1, 1)).overlap());
                }
            }
        }
    }

    private static int most(Axis axis, int elements) {
        int[] covered = new int[elements];
        int most = 0;
        for (int window = 0; window < axis.count(elements); ++window) {
            for (int k = 0; k < axis.kernel(); ++k) {
                most = Math.max(most, ++covered[window * axis.stride() + k * axis.dilation()]);
            }
        }
        return most;
    }
}

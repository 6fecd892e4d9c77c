package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.bulwark.device.Backend;
import dev.bulwark.device.ConvolutionContract;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Windows;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("Convolutions on the CPU")
class CpuConvolutionTest {

    /**
     * The centre's convolution may be off by g times the magnitudes, g = (terms + 8) 2^-24, in either direction; the radius
     * takes up as much, and its own sum (1 + g) of itself, which the magnitudes bound too; then roundings to float, and what
     * may underflow: 2^-120 terms times 1 + a box's largest number, of which the tests have none beyond 15.
     */
    static double slack(int terms, double bound, double magnitude) {
        return 6 * (terms + 8) * 0x1p-24 * magnitude + 0x1p-22 * Math.abs(bound) + terms * 0x1p-116;
    }

    /** On row-major operands oneDNN would take a reference implementation, some hundred times slower. */
    @Test
    void givenUsualConvolutions_whenOneDnnComputesThem_thenNotByItsReference() {
        assumeTrue(Libraries.products() instanceof OneDnnProducts, "oneDNN can't be loaded");
        for (ConvolutionBlocks.Geometry g : List.of(geometry(1, 28, 16, Windows.square(7, 3)),
                geometry(3, 32, 32, Windows.square(3, 1, 1)), geometry(32, 16, 64, Windows.square(4, 2, 1)))) {
            List<String> found = new OneDnnConvolution().implementations(g);
            assertTrue(found.stream().noneMatch(name -> name.contains("ref")), g + ": " + found);
        }
    }

    private static ConvolutionBlocks.Geometry geometry(int in, int side, int out, Windows windows) {
        ImageShape image = new ImageShape(in, side, side);
        return new ConvolutionBlocks.Geometry(image, windows.over(image, out), windows, 1);
    }

    @Nested
    @DisplayName("with the fastest libraries")
    class Fastest extends ConvolutionContract {

        @Override
        protected Backend open() {
            return CpuBackend.create();
        }

        @Override
        public double outwardSlack(int terms, double bound, double magnitude) {
            return slack(terms, bound, magnitude);
        }
    }

    @Nested
    @DisplayName("in plain Java")
    class PlainJava extends ConvolutionContract {

        @Override
        protected Backend open() {
            return CpuBackend.plainJava();
        }

        @Override
        public double outwardSlack(int terms, double bound, double magnitude) {
            return slack(terms, bound, magnitude);
        }
    }
}

package dev.bulwark.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.bulwark.model.Graph;
import dev.bulwark.shapes.ImageShape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {

    private static final Architecture DENSE = Architecture.dense(List.of(1024, 512, 256));
    private static final ImageShape MNIST = new ImageShape(1, 28, 28);

    @Test
    void givenDenseLayers_whenAskedForWidths_thenInputsAndClassesSurroundThem() {
        assertArrayEquals(new int[] {784, 1024, 512, 256, 10}, DENSE.widths(MNIST, 10));
        assertArrayEquals(new int[] {351, 7}, Architecture.dense(List.of()).widths(new ImageShape(3, 9, 13), 7));
    }

    @Test
    void givenAConvolution_whenPutInFront_thenItIsTheFirstHiddenLayer() {
        Architecture architecture = DENSE.withStem(new Convolution(16, 7, 3));
        assertEquals(List.of(512, 256), architecture.dense());
        assertEquals(architecture, architecture.withStem(new Convolution(4, 2, 2)).withStem(new Convolution(16, 7, 3)));
        assertEquals("784-1024-512-256-10, the first layer 16 channels of 7 x 7 windows, 3 apart",
                architecture.words(MNIST, 10));
        assertEquals("784-1024-512-256-10", DENSE.words(MNIST, 10));
    }

    /** Windows fit where (edge - 7) / 3 + 1 is at least 1, rounded down. */
    @ParameterizedTest
    @CsvSource({"1, 28, 28, 1024", "3, 32, 32, 1296", "3, 9, 13, 48", "1, 7, 7, 16", "2, 20, 10, 160"})
    void givenImagesOfAnyShape_whenAskedForWidths_thenTheConvolutionsFollowsFromThem(int channels, int height, int width,
                                                                                     int units) {
        int[] widths = DENSE.withStem(new Convolution(16, 7, 3)).widths(new ImageShape(channels, height, width), 4);
        assertArrayEquals(new int[] {channels * height * width, units, 512, 256, 4}, widths);
    }

    @Test
    void givenNoRoomForAWindow_whenAskedForWidths_thenRefused() {
        Architecture architecture = DENSE.withStem(new Convolution(16, 7, 3));
        for (ImageShape image : List.of(new ImageShape(1, 6, 28), new ImageShape(1, 28, 6))) {
            String message = assertThrows(IllegalArgumentException.class, () -> architecture.widths(image, 10)).getMessage();
            assertEquals("an image of " + image.height() + " x " + image.width()
                    + " has no room for 16 channels of 7 x 7 windows, 3 apart", message);
        }
    }

    /** Padding of 1 around 28 pixels leaves room for 14 windows of 4, 2 apart; 14 for 7; 3 x 3 windows leave 5. */
    @Test
    void givenSeveralConvolutions_whenMadeAGraph_thenEachSeesWhatTheOneBeforeMade() {
        Architecture architecture = new Architecture(List.of(new Convolution(16, 4, 2, 1), new Convolution(32, 4, 2, 1),
                new Convolution(8, 3, 1)), List.of(100));

        Graph graph = architecture.graph(MNIST, 10);

        assertArrayEquals(new int[] {784, 16 * 14 * 14, 32 * 7 * 7, 8 * 5 * 5, 100, 10}, architecture.widths(MNIST, 10));
        assertEquals(List.of("Conv2d", "Relu", "Conv2d", "Relu", "Conv2d", "Relu", "Flatten", "Dense", "Relu", "Dense"),
                graph.nodes().stream().map(node -> node.op().getClass().getSimpleName()).toList());
        assertEquals(MNIST.shape(), graph.input());
        assertEquals(16 * 17 + 32 * (16 * 16 + 1) + 8 * (32 * 9 + 1) + 201 * 100 + 101 * 10, graph.parameters());
        assertEquals("784-3136-1568-200-100-10, the first layers 16 channels of 4 x 4 windows, 2 apart, padded by 1; 32 "
                + "channels of 4 x 4 windows, 2 apart, padded by 1; 8 channels of 3 x 3 windows, 1 apart",
                architecture.words(MNIST, 10));
    }

    /** 8 channels of 14 x 14 stay so in the first block; the second halves the edge, and its inputs need a convolution. */
    @Test
    void givenResidualBlocks_whenMadeAGraph_thenInputsAreAddedAndConvolvedWhereTheirShapeDiffers() {
        Architecture architecture = new Architecture(List.of(new Convolution(8, 4, 2, 1), new Residual(8, 1),
                new Residual(12, 2)), List.of());

        Graph graph = architecture.graph(MNIST, 10);

        assertArrayEquals(new int[] {784, 8 * 14 * 14, 8 * 14 * 14, 12 * 7 * 7, 10}, architecture.widths(MNIST, 10));
        assertEquals(List.of("Conv2d", "Relu", "Conv2d", "Relu", "Conv2d", "Add", "Relu", "Conv2d", "Relu", "Conv2d", "Conv2d",
                "Add", "Relu", "Flatten", "Dense"),
                graph.nodes().stream().map(node -> node.op().getClass().getSimpleName()).toList());
        assertEquals(List.of(5, 2), graph.nodes().get(5).inputs());
        assertEquals(List.of(10, 11), graph.nodes().get(11).inputs());
        assertEquals(List.of(7), graph.nodes().get(10).inputs());
        assertEquals("784-1568-1568-588-10, the first layers 8 channels of 4 x 4 windows, 2 apart, padded by 1; a residual "
                + "block of 8 channels, 1 apart; a residual block of 12 channels, 2 apart", architecture.words(MNIST, 10));
        long second = 588 * (8 * 9 + 12 * 9 + 8); // outputs times what each sums
        assertEquals(second, new Residual(12, 2).multiplyAdds(new ImageShape(8, 14, 14)));
        assertEquals(1568 * (2 * 8 * 9), new Residual(8, 1).multiplyAdds(new ImageShape(8, 14, 14)));
    }
}

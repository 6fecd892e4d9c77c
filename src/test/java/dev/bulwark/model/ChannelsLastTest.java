package dev.bulwark.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ChannelsLastTest {

    private static final ImageShape IMAGE = new ImageShape(3, 4, 5);

    private final SplittableRandom random = new SplittableRandom(1);

    private Op.Conv2d convolution(int of) {
        return new Op.Conv2d(Tensor.of(Shape.of(2, of, 2, 2), Mlp.values(random, 8 * of, -1, 1)), Tensor.zeros(2),
                Windows.square(2, 1), 1);
    }

    /** Of an image with channels last, as TensorFlow's models begin. */
    private static Op.Rearrange channelsFirst() {
        int[] source = new int[60];
        for (int k = 0; k < 60; ++k) {
            source[k] = k % 20 * 3 + k / 20;
        }
        return new Op.Rearrange(source, IMAGE.shape());
    }

    private void assertSameFunction(Graph last) {
        Graph first = ChannelsLast.taking(IMAGE, last);
        assertEquals(IMAGE.shape(), first.input());
        float[] image = Mlp.values(random, 60, -1, 1);
        float[] turned = new float[60];
        for (int c = 0; c < 3; ++c) {
            for (int k = 0; k < 20; ++k) {
                turned[k * 3 + c] = image[c * 20 + k];
            }
        }
        assertArrayEquals(DoubleGraph.logits(last, turned), DoubleGraph.logits(first, image));
    }

    @Test
    void givenANetworkThatPutsChannelsFirst_whenGivenThemFirst_thenItsConvolutionReadsThem() {
        Graph last = Graph.sequence(Shape.of(4, 5, 3), List.of(channelsFirst(), convolution(3), new Op.Flatten()));
        assertSameFunction(last);
        assertEquals(List.of("Conv2d", "Flatten"), ChannelsLast.taking(IMAGE, last).nodes().stream()
                .map(node -> node.op().getClass().getSimpleName()).toList());
    }

    @Test
    void givenOtherBeginnings_whenGivenChannelsFirst_thenTheSameFunction() {
        Op.Dense dense = Mlp.dense(60, 4, Mlp.values(random, 240, -1, 1), new float[4]);
        assertSameFunction(Graph.sequence(Shape.of(4, 5, 3), List.of(new Op.Flatten(), dense)));
        Graph.Builder twice = new Graph.Builder(Shape.of(4, 5, 3));
        int relu = twice.add(new Op.Relu(), Graph.Builder.INPUT);
        int first = twice.add(channelsFirst(), Graph.Builder.INPUT);
        int sum = twice.add(new Op.Add(), twice.add(new Op.Flatten(), relu), twice.add(new Op.Flatten(), first));
        twice.add(dense, twice.add(new Op.Add(), sum, twice.add(new Op.Flatten(), Graph.Builder.INPUT)));
        assertSameFunction(twice.build());
    }

    @Test
    void givenOneChannelOrChannelsFirst_whenTaken_thenNothingMoves() {
        Graph grey = Graph.sequence(Shape.of(4, 5, 1), List.of(new Op.Reshape(Shape.of(1, 4, 5)), convolution(1),
                new Op.Flatten()));
        Graph taken = ChannelsLast.taking(new ImageShape(1, 4, 5), grey);
        assertEquals(0, taken.nodes().stream().filter(node -> node.op() instanceof Op.Rearrange).count());
        Graph first = Graph.sequence(IMAGE.shape(), List.of(convolution(3), new Op.Flatten()));
        assertSame(first, ChannelsLast.taking(IMAGE, first));
        Graph flat = Graph.sequence(Shape.of(60), List.of(new Op.Relu()));
        assertSame(flat, ChannelsLast.taking(IMAGE, flat));
    }
}

package dev.bulwark.model;

import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Networks that take images {@code [height, width, channels]}, as TensorFlow has them, given images
 * {@code [channels, height, width]}. The function is the same, of the same elements in another order.
 */
public final class ChannelsLast {

    private ChannelsLast() {
    }

    /**
     * {@code graph} for inputs of {@code image}'s shape: itself, unless its input has the channels last. Putting elements in
     * order is left out where the network's first operation undoes it.
     */
    public static Graph taking(ImageShape image, Graph graph) {
        Shape last = Shape.of(image.height(), image.width(), image.channels());
        if (!graph.input().equals(last) || last.equals(image.shape())) {
            return graph;
        }
        int[] source = new int[image.size()];
        Arrays.setAll(source, k -> k % image.channels() * image.area() + k / image.channels());
        Graph.Builder builder = new Graph.Builder(image.shape());
        int[] numbers = new int[graph.nodes().size() + 1];
        int turned = -1;
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Graph.Node node = graph.nodes().get(k);
            if (node.op() instanceof Op.Rearrange moved && node.inputs().equals(List.of(Graph.Builder.INPUT))) {
                numbers[k + 1] = moved(builder, node.name(), moved, source, image.shape());
                continue;
            }
            if (node.inputs().contains(Graph.Builder.INPUT) && turned < 0) {
                turned = moved(builder, "channels last", new Op.Rearrange(identity(source.length), last), source,
                        image.shape());
            }
            numbers[0] = turned;
            numbers[k + 1] = builder.add(node.name(), node.op(),
                    node.inputs().stream().mapToInt(value -> numbers[value]).toArray());
        }
        return builder.build();
    }

    /** What {@code moved} makes of the input in {@code source}'s order. */
    private static int moved(Graph.Builder builder, String name, Op.Rearrange moved, int[] source, Shape image) {
        int[] composed = Arrays.stream(moved.source()).map(k -> k == Op.Rearrange.ZERO ? k : source[k]).toArray();
        if (!Arrays.equals(composed, identity(source.length))) {
            return builder.add(name, new Op.Rearrange(composed, moved.shape()), Graph.Builder.INPUT);
        }
        return moved.shape().equals(image) ? Graph.Builder.INPUT : builder.add(name, new Op.Reshape(moved.shape()),
                Graph.Builder.INPUT);
    }

    private static int[] identity(int size) {
        int[] identity = new int[size];
        Arrays.setAll(identity, k -> k);
        return identity;
    }
}

package dev.bulwark.bounds;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A random case: a network of one to three layers with an asymmetric box around an image. */
record RandomCase(Graph network, Box box, float[] image, int label) {

    static RandomCase of(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        List<Op.Dense> layers = new ArrayList<>();
        int inputs = random.nextInt(1, 6);
        int in = inputs;
        for (int i = random.nextInt(3); i >= 0; --i) {
            int out = i == 0 ? random.nextInt(2, 5) : random.nextInt(1, 20);
            layers.add(Mlp.dense(in, out, values(random, in * out, -1, 1), values(random, out, -1, 1)));
            in = out;
        }
        float[] image = values(random, inputs, 0, 1);
        float[] lower = image.clone();
        float[] upper = image.clone();
        for (int k = 0; k < inputs; ++k) {
            lower[k] -= (float) (0.2 * random.nextDouble());
            upper[k] += (float) (0.1 * random.nextDouble());
        }
        return new RandomCase(Mlp.of(layers), new Box(lower, upper), image, random.nextInt(in));
    }

    static float[] values(SplittableRandom random, int length, double from, double to) {
        float[] values = new float[length];
        for (int k = 0; k < length; ++k) {
            values[k] = (float) random.nextDouble(from, to);
        }
        return values;
    }

    /** A point of the box: corners, where extremes lie, as often as points between them. */
    float[] point(SplittableRandom random) {
        float[] point = new float[box.size()];
        for (int k = 0; k < point.length; ++k) {
            point[k] = switch (random.nextInt(4)) {
                case 0 -> box.lower(k);
                case 1 -> box.upper(k);
                default -> Math.min(box.upper(k),
                        (float) (box.lower(k) + random.nextDouble() * ((double) box.upper(k) - box.lower(k))));
            };
        }
        return point;
    }
}

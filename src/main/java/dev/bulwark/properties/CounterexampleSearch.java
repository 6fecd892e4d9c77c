package dev.bulwark.properties;

import dev.bulwark.bounds.Box;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.InputGradients;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.model.io.vnnlib.Constraint;
import dev.bulwark.model.io.vnnlib.Property;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Looks for an input of a box with unsafe outputs: from the box's middle, from corners and from random points, steps down the
 * gradient's signs of the constraint that is furthest from being fulfilled, which is projected gradient descent (Madry et al.
 * 2018) on the worst constraint of a list. What it finds is checked by a float forward pass of the network as it is.
 */
final class CounterexampleSearch implements AutoCloseable {

    private static final int ROWS = 64;
    private static final int STEPS = 24;
    /** Of the box's width: from corner to corner first, then shorter ones. */
    private static final float FIRST_STEP = 1;
    private static final float SHRINKING = 0.8f;

    private final Backend backend;
    private final Plan plan;
    private final DeviceMemory memory;
    private final Logits forward;
    private final InputGradients gradients;
    private final DeviceBuffer x;
    private final DeviceBuffer outputs;
    private final DeviceBuffer outputGradients;
    private final DeviceBuffer inputGradients;
    private final int rows;
    private final NoiseKey key;

    CounterexampleSearch(Plan plan, long seed) {
        this.backend = plan.backend();
        this.plan = plan;
        this.rows = Math.min(ROWS, plan.imagesPerCall());
        this.key = new NoiseKey(seed, NoiseKey.Stream.ATTACK);
        try (DeviceMemory building = new DeviceMemory(backend)) {
            forward = new Logits(building, plan, rows);
            gradients = building.owning(plan.floatInputGradients(rows));
            x = building.allocate((long) rows * plan.inputs());
            outputs = building.allocate((long) rows * plan.classes());
            outputGradients = building.allocate((long) rows * plan.classes());
            inputGradients = building.allocate((long) rows * plan.inputs());
            memory = building.handOver();
        }
    }

    /** One query's box and the lists of constraints that rows are to fulfil. */
    private record Target(Property.Query query, DecimalBox decimals, Box box, double[][][] coefficients, double[][] constants) {

        static Target of(Property.Query query) {
            DecimalBox decimals = new DecimalBox(query.lower(), query.upper());
            double[][][] coefficients = query.unsafe().stream().map(all -> all.stream()
                    .map(constraint -> constraint.coefficients().stream().mapToDouble(BigDecimal::doubleValue).toArray())
                    .toArray(double[][]::new)).toArray(double[][][]::new);
            double[][] constants = query.unsafe().stream().map(all -> all.stream().map(Constraint::constant)
                    .mapToDouble(BigDecimal::doubleValue).toArray()).toArray(double[][]::new);
            return new Target(query, decimals, decimals.nearest(), coefficients, constants);
        }

        /** The constraint of a list that is furthest from being fulfilled; -1 where there is none. */
        int worst(int list, float[] y, int at) {
            int worst = -1;
            double largest = Double.NEGATIVE_INFINITY;
            for (int k = 0; k < constants[list].length; ++k) {
                double value = constants[list][k];
                for (int j = 0; j < coefficients[list][k].length; ++j) {
                    value += coefficients[list][k][j] * y[at + j];
                }
                if (value > largest) {
                    largest = value;
                    worst = k;
                }
            }
            return worst;
        }
    }

    /**
     * One round of starting points, of which there are as many as go together.
     *
     * @param round the first is 0; others start elsewhere
     */
    Optional<Witness> search(Property.Query query, int round) {
        Target target = Target.of(query);
        float[] points = start(target.box, round);
        float step = FIRST_STEP;
        for (int s = 0; ; ++s) {
            backend.write(points, x);
            float[] y = new float[rows * plan.classes()];
            backend.read(forward.of(x, rows).slice(0, y.length), y);
            Optional<Witness> found = witness(target, points, y);
            if (found.isPresent() || s == STEPS) {
                return found;
            }
            descend(target, points, y, round, step);
            step *= SHRINKING;
        }
    }

    /** The middle, then corners and random points in turn. */
    private float[] start(Box box, int round) {
        int inputs = plan.inputs();
        float[] points = new float[rows * inputs];
        float[] centre = box.centre();
        for (int r = 0; r < rows; ++r) {
            for (int i = 0; i < inputs; ++i) {
                float u = Philox.uniform(key, r, round, i);
                double between = r % 2 == 0 ? box.lower(i) + u * width(box, i) : u < 0.5 ? box.lower(i) : box.upper(i);
                points[r * inputs + i] = r == 0 && round == 0 ? centre[i] : clamp(box, i, between);
            }
        }
        return points;
    }

    private static double width(Box box, int i) {
        return (double) box.upper(i) - box.lower(i);
    }

    private static float clamp(Box box, int i, double value) {
        return Math.max(box.lower(i), Math.min(box.upper(i), (float) value));
    }

    private Optional<Witness> witness(Target target, float[] points, float[] y) {
        for (int r = 0; r < rows; ++r) {
            float[] outputsOf = Arrays.copyOfRange(y, r * plan.classes(), (r + 1) * plan.classes());
            if (allFinite(outputsOf) && target.query.isUnsafe(outputsOf)) {
                float[] point = Arrays.copyOfRange(points, r * plan.inputs(), (r + 1) * plan.inputs());
                return Optional.of(new Witness(target.decimals.decimals(point), shortest(outputsOf)));
            }
        }
        return Optional.empty();
    }

    private static boolean allFinite(float[] values) {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                return false;
            }
        }
        return true;
    }

    private static List<BigDecimal> shortest(float[] values) {
        BigDecimal[] decimals = new BigDecimal[values.length];
        Arrays.setAll(decimals, j -> new BigDecimal(Float.toString(values[j])));
        return List.of(decimals);
    }

    private void descend(Target target, float[] points, float[] y, int round, float step) {
        int inputs = plan.inputs();
        int classes = plan.classes();
        float[] toDescend = new float[rows * classes];
        int lists = target.constants.length;
        for (int r = 0; r < rows; ++r) {
            int list = Math.floorMod(r + round * rows, lists);
            int worst = target.worst(list, y, r * classes);
            for (int j = 0; worst >= 0 && j < classes; ++j) {
                toDescend[r * classes + j] = (float) target.coefficients[list][worst][j];
            }
        }
        gradients.forward(x, rows, outputs);
        backend.write(toDescend, outputGradients);
        gradients.backward(outputGradients, rows, inputGradients);
        float[] slope = new float[points.length];
        backend.read(inputGradients, slope);
        for (int k = 0; k < points.length; ++k) {
            int i = k % inputs;
            points[k] = clamp(target.box, i, points[k] - Math.signum(slope[k]) * step * width(target.box, i));
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}

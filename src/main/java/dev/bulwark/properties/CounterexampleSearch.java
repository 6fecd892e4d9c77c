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
 * Looks for an input of a box with unsafe outputs: from the box's middle, from corners and from random points by projected
 * gradient descent (Madry et al. 2018). Some rows go down the constraint that is furthest from being fulfilled, others down the
 * squares of those that are not fulfilled; some take the gradient's signs, which suits boxes of many inputs, others the gradient
 * itself, which suits outputs that must meet a narrow target. What it finds is checked by a float forward pass of the network as it is.
 */
final class CounterexampleSearch implements AutoCloseable {

    private static final int ROWS = 64;
    private static final int STEPS = 40;
    /** Of the box's width: from corner to corner, or in every other round shorter, as long ones may end where all units are 0. */
    private static final float LONG_STEP = 1;
    private static final float SHORT_STEP = 0.25f;
    private static final float SHRINKING = 0.85f;

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

        /**
         * Adds up the coefficients of constraints that outputs do not fulfil, each times how far it is from it: the gradient of
         * half the sum of their squares.
         *
         * @param worstAlone only those of the one that is furthest from it, fulfilled or not
         * @param y          outputs, from element {@code at}
         * @param sum        takes the sum, from element {@code at}
         */
        void addOpen(int list, float[] y, int at, boolean worstAlone, float[] sum) {
            double[] values = new double[constants[list].length];
            int worst = 0;
            for (int k = 0; k < values.length; ++k) {
                values[k] = constants[list][k];
                for (int j = 0; j < coefficients[list][k].length; ++j) {
                    values[k] += coefficients[list][k][j] * y[at + j];
                }
                worst = values[k] > values[worst] ? k : worst;
            }
            for (int k = 0; k < values.length; ++k) {
                double weight = worstAlone ? k == worst ? 1 : 0 : Math.max(0, values[k]);
                for (int j = 0; weight > 0 && j < coefficients[list][k].length; ++j) {
                    sum[at + j] += (float) (weight * coefficients[list][k][j]);
                }
            }
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
        float step = round % 2 == 0 ? LONG_STEP : SHORT_STEP;
        for (int s = 0; ; ++s) {
            backend.write(points, x);
            float[] y = new float[rows * plan.classes()];
            backend.read(forward.of(x, rows).slice(0, y.length), y);
            Optional<Witness> found = witness(target, points, y, rows);
            if (found.isPresent() || s == STEPS) {
                return found;
            }
            descend(target, points, y, round, step);
            step *= SHRINKING;
        }
    }

    /** Whether a point of a query's box is a counterexample: floats of the box are what is looked at. */
    Optional<Witness> at(Property.Query query, float[] point) {
        Target target = Target.of(query);
        float[] points = new float[rows * plan.inputs()];
        for (int i = 0; i < point.length; ++i) {
            points[i] = clamp(target.box, i, point[i]);
        }
        backend.write(points, x);
        float[] y = new float[plan.classes()];
        backend.read(forward.of(x, 1), y);
        return witness(target, points, y, 1);
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

    private Optional<Witness> witness(Target target, float[] points, float[] y, int count) {
        for (int r = 0; r < count; ++r) {
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
        int classes = plan.classes();
        float[] toDescend = new float[rows * classes];
        int lists = target.constants.length;
        for (int r = 0; r < rows; ++r) {
            target.addOpen(Math.floorMod(r + round * rows, lists), y, r * classes, (r >> 1 & 1) == 0, toDescend);
        }
        gradients.forward(x, rows, outputs);
        backend.write(toDescend, outputGradients);
        gradients.backward(outputGradients, rows, inputGradients);
        float[] slope = new float[points.length];
        backend.read(inputGradients, slope);
        for (int r = 0; r < rows; ++r) {
            step(target.box, points, slope, r, (r >> 2 & 1) == 0, step);
        }
    }

    /** @param bySigns whether all inputs move by {@code step} of their width, else that one which the slope moves furthest */
    private void step(Box box, float[] points, float[] slope, int row, boolean bySigns, float step) {
        int inputs = plan.inputs();
        double steepest = Double.MIN_NORMAL;
        for (int i = 0; i < inputs; ++i) {
            steepest = Math.max(steepest, Math.abs(slope[row * inputs + i]) * width(box, i));
        }
        for (int i = 0; i < inputs; ++i) {
            int k = row * inputs + i;
            double direction = bySigns ? Math.signum(slope[k]) : slope[k] * width(box, i) / steepest;
            points[k] = clamp(box, i, points[k] - direction * step * width(box, i));
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}

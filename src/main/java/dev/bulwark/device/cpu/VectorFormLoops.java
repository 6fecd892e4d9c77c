package dev.bulwark.device.cpu;

import static jdk.incubator.vector.VectorOperators.D2F;
import static jdk.incubator.vector.VectorOperators.F2D;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LT;

import dev.bulwark.device.LinearRelaxations;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The loops in explicit vectors; what fills none is done element by element. */
final class VectorFormLoops implements FormLoops {

    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
    private static final int STEP = DOUBLES.length();
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class,
            VectorShape.forBitSize(Math.max(64, DOUBLES.vectorBitSize() / 2)));
    private static final FormLoops REST = new Plain();

    /** @throws UnsupportedOperationException where vectors have fewer than four doubles */
    VectorFormLoops() {
        if (STEP < 4) {
            throw new UnsupportedOperationException("vectors of " + STEP + " doubles bring nothing");
        }
    }

    private static FloatVector load(float[] from, int at) {
        return FloatVector.fromArray(FLOATS, from, at);
    }

    private static DoubleVector widened(FloatVector values) {
        return (DoubleVector) values.convertShape(F2D, DOUBLES, 0);
    }

    /** The sum of all lanes; the vectors' own may add them in another order once it is compiled. */
    private static double inOrder(DoubleVector lanes) {
        double sum = 0;
        for (double lane : lanes.toArray()) {
            sum += lane;
        }
        return sum;
    }

    @Override
    public void throughFreeLines(float[] a, int at, FreeLines lines, int from, int to, FormConstant sum) {
        float[] slope = lines.above()[0];
        float[] intercept = lines.above()[1];
        float[] magnitude = lines.above()[2];
        float[] productError = lines.above()[3];
        float[] below = lines.below();
        float[] bias = lines.bias();
        float least = lines.least();
        int end = to - (to - from) % STEP;
        DoubleVector total = DoubleVector.zero(DOUBLES);
        DoubleVector absolute = DoubleVector.zero(DOUBLES);
        for (int j = from; j < end; j += STEP) {
            DoubleVector before = widened(load(a, at + j));
            VectorMask<Double> negative = before.compare(LT, 0);
            DoubleVector line = widened(load(below, j).min(1f).max(least)).blend(widened(load(slope, j)), negative);
            DoubleVector exact = before.mul(line);
            FloatVector after = (FloatVector) exact.convertShape(D2F, FLOATS, 0);
            after.intoArray(a, at + j);
            DoubleVector kept = widened(after);
            DoubleVector shift = DoubleVector.zero(DOUBLES).blend(before.mul(widened(load(intercept, j))), negative);
            DoubleVector biased = kept.mul(widened(load(bias, j)));
            DoubleVector lost = exact.sub(kept).abs().mul(widened(load(magnitude, j)))
                    .add(kept.abs().add(LinearRelaxations.NEGLIGIBLE).mul(widened(load(productError, j))));
            total = total.add(shift).add(biased).sub(lost);
            absolute = absolute.add(shift.abs()).add(biased.abs()).add(lost);
        }
        sum.add(inOrder(total), inOrder(absolute));
        REST.throughFreeLines(a, at, lines, end, to, sum);
    }

    @Override
    public void minimum(float[] a, int at, float[] lower, float[] upper, int from, int to, FormConstant sum) {
        int end = to - (to - from) % STEP;
        DoubleVector total = DoubleVector.zero(DOUBLES);
        DoubleVector absolute = DoubleVector.zero(DOUBLES);
        for (int i = from; i < end; i += STEP) {
            FloatVector coefficient = load(a, at + i);
            FloatVector least = load(upper, i).blend(load(lower, i), coefficient.compare(GT, 0));
            DoubleVector product = widened(coefficient).mul(widened(least));
            total = total.add(product);
            absolute = absolute.add(product.abs());
        }
        sum.add(inOrder(total), inOrder(absolute));
        REST.minimum(a, at, lower, upper, end, to, sum);
    }
}

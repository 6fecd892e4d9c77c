package dev.bulwark.device.cpu;

import dev.bulwark.device.LinearRelaxations;

/**
 * The loops over a linear form's coefficients that take most of the time of going back through a network. Sums are in double,
 * in any order; they are not finite where anything that takes part is not. Products with 0 take part like others, for branches
 * would cost more than they save.
 */
interface FormLoops {

    /**
     * What a form meets at ReLUs whose slopes below are free.
     *
     * @param above slopes and intercepts of the lines above, units' magnitudes and errors of their products
     * @param below slopes of the lines below, to be clamped to [least, 1]
     * @param bias  of the layer underneath
     */
    record FreeLines(float[][] above, float[] below, float least, float[] bias) {
    }

    /** Takes coefficients {@code a[at + from .. at + to - 1]} of a form back, in place; what its constant gains goes to {@code sum}. */
    void throughFreeLines(float[] a, int at, FreeLines lines, int from, int to, FormConstant sum);

    /** Adds the least that elements {@code from .. to - 1} of a box, its ends given, contribute to a form. */
    void minimum(float[] a, int at, float[] lower, float[] upper, int from, int to, FormConstant sum);

    /** Element by element. */
    final class Plain implements FormLoops {

        @Override
        public void throughFreeLines(float[] a, int at, FreeLines lines, int from, int to, FormConstant sum) {
            float[] slope = lines.above[0];
            float[] intercept = lines.above[1];
            float[] magnitude = lines.above[2];
            float[] productError = lines.above[3];
            double total = 0;
            double absolute = 0;
            for (int j = from; j < to; ++j) {
                float before = a[at + j];
                boolean negative = before < 0;
                double exact = (double) before
                        * (negative ? slope[j] : Math.max(lines.least, Math.min(1f, lines.below[j])));
                float after = (float) exact;
                double shift = negative ? (double) before * intercept[j] : 0;
                double biased = (double) after * lines.bias[j];
                double lost = Math.abs(exact - after) * magnitude[j]
                        + (Math.abs(after) + LinearRelaxations.NEGLIGIBLE) * productError[j];
                total += shift + biased - lost;
                absolute += Math.abs(shift) + Math.abs(biased) + lost;
                a[at + j] = after;
            }
            sum.add(total, absolute);
        }

        @Override
        public void minimum(float[] a, int at, float[] lower, float[] upper, int from, int to, FormConstant sum) {
            double total = 0;
            double absolute = 0;
            for (int i = from; i < to; ++i) {
                float coefficient = a[at + i];
                double product = (double) coefficient * (coefficient > 0 ? lower[i] : upper[i]);
                total += product;
                absolute += Math.abs(product);
            }
            sum.add(total, absolute);
        }
    }
}

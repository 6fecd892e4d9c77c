package dev.bulwark.device;

import java.math.BigDecimal;
import java.util.Arrays;

/**
 * A sum without any rounding: an expansion of doubles that do not overlap (Shewchuk 1997, Grow-Expansion), a hundred times
 * as fast as {@link BigDecimal}. Takes numbers whose sums neither overflow nor have bits below the smallest double.
 */
final class ExactSum {

    private double[] parts = new double[8];
    private int count;

    ExactSum(double first) {
        parts[0] = first;
        count = 1;
    }

    /** The product of two floats fits a double. */
    void addProduct(float a, float b) {
        add((double) a * b);
    }

    void add(double x) {
        int kept = 0;
        double sum = x;
        for (int i = 0; i < count; ++i) {
            double part = parts[i];
            double next = sum + part;
            double taken = next - sum;
            double error = (sum - (next - taken)) + (part - taken); // exact: Knuth's two-sum
            if (error != 0) {
                parts[kept++] = error;
            }
            sum = next;
        }
        if (kept == parts.length) {
            parts = Arrays.copyOf(parts, 2 * kept);
        }
        parts[kept++] = sum;
        count = kept;
    }

    BigDecimal value() {
        BigDecimal value = BigDecimal.ZERO;
        for (int i = 0; i < count; ++i) {
            value = value.add(new BigDecimal(parts[i]));
        }
        return value;
    }
}

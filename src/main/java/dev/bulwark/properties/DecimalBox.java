package dev.bulwark.properties;

import dev.bulwark.bounds.Box;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** A box with ends that are decimals, among floats. */
final class DecimalBox {

    private final List<BigDecimal> lower;
    private final List<BigDecimal> upper;

    DecimalBox(List<BigDecimal> lower, List<BigDecimal> upper) {
        this.lower = lower;
        this.upper = upper;
    }

    int size() {
        return lower.size();
    }

    /** The smallest box with float ends around it. */
    Box around() {
        float[] low = new float[size()];
        float[] high = new float[size()];
        for (int i = 0; i < low.length; ++i) {
            low[i] = down(lower.get(i));
            high[i] = -down(upper.get(i).negate());
        }
        return new Box(low, high);
    }

    /** The floats nearest to the ends: between them lie exactly the floats that are nearest to decimals of the box. */
    Box nearest() {
        float[] low = new float[size()];
        float[] high = new float[size()];
        for (int i = 0; i < low.length; ++i) {
            low[i] = nearest(lower.get(i));
            high[i] = nearest(upper.get(i));
        }
        return new Box(low, high);
    }

    /** Decimals of this box whose nearest floats are these, which lie in {@link #nearest}: short ones where they will do. */
    List<BigDecimal> decimals(float[] point) {
        List<BigDecimal> decimals = new ArrayList<>();
        for (int i = 0; i < point.length; ++i) {
            BigDecimal plain = new BigDecimal(Float.toString(point[i]));
            BigDecimal exact = new BigDecimal(point[i]);
            decimals.add(holds(i, plain) ? plain : holds(i, exact) ? exact
                    : exact.compareTo(lower.get(i)) < 0 ? lower.get(i) : upper.get(i));
        }
        return decimals;
    }

    private boolean holds(int i, BigDecimal value) {
        return value.compareTo(lower.get(i)) >= 0 && value.compareTo(upper.get(i)) <= 0;
    }

    static float nearest(BigDecimal value) {
        return Float.parseFloat(value.toString()); // rounds once, whatever the number of digits
    }

    /** The largest float that is not above a decimal, which lies in the floats' range. */
    static float down(BigDecimal value) {
        float nearest = nearest(value);
        return Float.isInfinite(nearest) || new BigDecimal(nearest).compareTo(value) > 0 ? Math.nextDown(nearest) : nearest;
    }
}

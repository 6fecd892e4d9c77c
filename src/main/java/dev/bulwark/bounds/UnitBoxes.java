package dev.bulwark.bounds;

import dev.bulwark.plan.Plan;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What is known of the values that activations read over a domain, on the host. Domains share what they have in common: an array
 * never changes once it is here.
 */
final class UnitBoxes {

    /** By values; null where nothing is known. */
    private final float[][] lower;
    private final float[][] upper;

    private UnitBoxes(float[][] lower, float[][] upper) {
        this.lower = lower;
        this.upper = upper;
    }

    static UnitBoxes unknown(Plan plan) {
        return new UnitBoxes(new float[plan.values()][], new float[plan.values()][]);
    }

    boolean knows(int value) {
        return lower[value] != null;
    }

    float lower(int value, int unit) {
        return lower[value][unit];
    }

    float upper(int value, int unit) {
        return upper[value][unit];
    }

    /** Whether a unit may be both negative and positive. */
    boolean isOpen(int value, int unit) {
        return lower[value][unit] < 0 && upper[value][unit] > 0;
    }

    /** The units of a value whose sign is open, then their number more: their negatives. */
    int[] openSides(int value) {
        int size = lower[value].length;
        return IntStream.range(0, 2 * size).filter(side -> isOpen(value, side % size)).toArray();
    }

    /** These, with lower bounds of sides, as {@link #openSides} numbers them, where they are better; NaN is no bound. */
    UnitBoxes with(int value, int[] sides, List<Float> bounds) {
        float[] low = lower[value].clone();
        float[] high = upper[value].clone();
        for (int k = 0; k < sides.length; ++k) {
            float bound = Math.abs(bounds.get(k)) < Float.MAX_VALUE ? bounds.get(k) : Float.NaN;
            int unit = sides[k] % low.length;
            if (sides[k] < low.length) {
                low[unit] = Float.isNaN(bound) ? low[unit] : Math.max(low[unit], bound);
            } else {
                high[unit] = Float.isNaN(bound) ? high[unit] : Math.min(high[unit], -bound);
            }
        }
        return cut(value, low, high, 0, low.length);
    }

    /** These, within a half-space of a value that is known. */
    UnitBoxes within(Cut cut) {
        UnitBoxes part = new UnitBoxes(lower.clone(), upper.clone());
        float[][] ends = cut.above() ? part.lower : part.upper;
        ends[cut.value()] = ends[cut.value()].clone();
        float known = ends[cut.value()][cut.unit()];
        ends[cut.value()][cut.unit()] = cut.above() ? higher(known, cut.threshold()) : lower(known, cut.threshold());
        return part;
    }

    /**
     * These, cut by other boxes of a value, which become as tight: NaN is no bound.
     *
     * @param low  other lower ends from element {@code at}, in place, as are the upper ones
     * @return empty boxes where one end passes the other: null
     */
    UnitBoxes cut(int value, float[] low, float[] high, int at, int size) {
        float[] newLower = new float[size];
        float[] newUpper = new float[size];
        boolean empty = false;
        for (int j = 0; j < size; ++j) {
            float l = low[at + j];
            float u = high[at + j];
            if (lower[value] != null) {
                l = higher(l, lower[value][j]);
                u = lower(u, upper[value][j]);
            }
            empty |= l > u;
            boolean unknown = Float.isNaN(l) || Float.isNaN(u);
            newLower[j] = low[at + j] = unknown ? Float.NaN : l;
            newUpper[j] = high[at + j] = unknown ? Float.NaN : u;
        }
        if (empty) {
            return null;
        }
        UnitBoxes cut = new UnitBoxes(lower.clone(), upper.clone());
        cut.lower[value] = newLower;
        cut.upper[value] = newUpper;
        return cut;
    }

    /** What these and others allow; null where that is nothing. */
    UnitBoxes within(UnitBoxes others) {
        UnitBoxes all = this;
        for (int value = 0; value < lower.length && all != null; ++value) {
            if (others.knows(value)) {
                all = all.cut(value, others.lower[value].clone(), others.upper[value].clone(), 0, others.lower[value].length);
            }
        }
        return all;
    }

    private static float higher(float a, float b) {
        return Float.isNaN(a) || b > a ? b : a;
    }

    private static float lower(float a, float b) {
        return Float.isNaN(a) || b < a ? b : a;
    }
}

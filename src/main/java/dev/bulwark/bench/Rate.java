package dev.bulwark.bench;

import java.util.Arrays;
import java.util.Map;

/**
 * One rate a second: its measurements, what they were made on and what a unit of it costs.
 *
 * @param sizes of the work, by name
 */
public record Rate(Measured measured, Map<String, Integer> sizes, Cost cost) {

    /** The smallest, the median and the largest measurement, of {@code repeats}. */
    public record Measured(double min, double median, double max, int repeats) {
    }

    /** What a stage would be bound by if nothing else took time. */
    public enum Limit {
        /** Bytes moved within the device's memory. */
        COPIES("copies_per_second"),
        /** Products of floats. */
        FLOAT_PRODUCTS("square_products_per_second"),
        /** Products in the arithmetic of noisy forward passes. */
        CLASSIFIER_PRODUCTS("square_products_per_second_of_noisy_forwards");

        private final String ceiling;

        Limit(String ceiling) {
            this.ceiling = ceiling;
        }

        /** The rate that tells this limit's ceiling. */
        public String ceiling() {
            return ceiling;
        }
    }

    /**
     * What one unit of a rate takes at least.
     *
     * @param flops floating-point operations, a multiply-add counted as two
     * @param bytes moved
     */
    public record Cost(double flops, double bytes, Limit limit) {
    }

    static Rate of(double[] measured, Map<String, Integer> sizes, Cost cost) {
        double[] sorted = measured.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Rate(new Measured(sorted[0], median, sorted[sorted.length - 1], sorted.length), sizes, cost);
    }

    /** The same rate, held against another ceiling. */
    public Rate against(Limit limit) {
        return new Rate(measured, sizes, new Cost(cost.flops, cost.bytes, limit));
    }

    /** The rate that stands for its measurements. */
    public double median() {
        return measured.median;
    }

    /** Floating-point operations a second at the median rate. */
    public double flopsPerSecond() {
        return median() * cost.flops;
    }

    /** Bytes a second at the median rate. */
    public double bytesPerSecond() {
        return median() * cost.bytes;
    }

    /** Share of {@code ceiling}, the rate that {@link Limit#ceiling} names, that this rate reaches. */
    public double fractionOf(Rate ceiling) {
        return cost.limit == Limit.COPIES ? bytesPerSecond() / ceiling.bytesPerSecond()
                : flopsPerSecond() / ceiling.flopsPerSecond();
    }
}

package dev.bulwark.bench;

import dev.bulwark.bench.Rate.Cost;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;

/**
 * Measures rates.
 *
 * @param repeats measurements of each rate, after one that does not count
 * @param seconds least length of one measurement
 */
record Stopwatch(int repeats, double seconds) {

    /** @param work does some work and returns how much */
    Rate rate(Map<String, Integer> sizes, Cost cost, DoubleSupplier work) {
        measure(work);
        return Rate.of(IntStream.range(0, repeats).mapToDouble(i -> measure(work)).toArray(), sizes, cost);
    }

    private double measure(DoubleSupplier work) {
        double done = 0;
        long start = System.nanoTime();
        double elapsed = 0;
        while (elapsed < seconds) {
            done += work.getAsDouble();
            elapsed = (System.nanoTime() - start) / 1e9;
        }
        return done / elapsed;
    }
}

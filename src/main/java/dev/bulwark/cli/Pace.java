package dev.bulwark.cli;

import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/**
 * How fast a stage goes, and so how long it takes yet. What passes before the first result, loading, compiling and filling
 * the caches, tells nothing of that, nor does what an earlier start had done: both are left out. Results come in bursts, a
 * batch at a time; only whole ones count. May be used by several threads.
 */
final class Pace {

    /** An estimate on less is not shown. */
    private static final double LEAST_SECONDS = 3;
    private static final int LEAST_STEPS = 2;

    /** Steps as close as this are of one burst, */
    private static final double BREAK = 0.1;
    /** unless it lasts as long as this: then steps come one by one, quickly. */
    private static final double LONGEST_BURST = 0.5;

    private final long total;
    private final LongSupplier nanoTime;
    private final long start;
    private long found;
    /** By this start. */
    private long done;
    private double burstSince = Double.NaN;
    private double last;
    /** The end of the first burst. */
    private Mark first;
    /** The end of the last whole burst. */
    private Mark latest;

    private record Mark(long done, double seconds) {
    }

    /** @param nanoTime a clock, as {@link System#nanoTime} */
    Pace(long total, LongSupplier nanoTime) {
        this.total = total;
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    /** Steps that were done before this start. */
    synchronized void found(long steps) {
        found += steps;
    }

    synchronized void advance(long steps) {
        endBurst();
        double now = seconds();
        if (Double.isNaN(burstSince)) {
            burstSince = now;
        }
        done += steps;
        last = now;
    }

    /** Steps in all. */
    synchronized long done() {
        return found + done;
    }

    /** Since the stage began. */
    double seconds() {
        return (nanoTime.getAsLong() - start) / 1e9;
    }

    /** Steps a second; empty until there is enough to tell. */
    synchronized OptionalDouble rate() {
        endBurst();
        if (first == null || latest.done - first.done < LEAST_STEPS || latest.seconds - first.seconds < LEAST_SECONDS) {
            return OptionalDouble.empty();
        }
        return OptionalDouble.of((latest.done - first.done) / (latest.seconds - first.seconds));
    }

    /** Seconds that are left; empty until there is enough to tell. */
    OptionalDouble left() {
        OptionalDouble rate = rate();
        return rate.isEmpty() ? rate : OptionalDouble.of((total - done()) / rate.getAsDouble());
    }

    private void endBurst() {
        double now = seconds();
        if (!Double.isNaN(burstSince) && (now - last > BREAK || now - burstSince > LONGEST_BURST)) {
            latest = new Mark(done, last);
            first = first == null ? latest : first;
            burstSince = Double.NaN;
        }
    }
}

package dev.bulwark.cli;

import dev.bulwark.runs.Monitor;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/** A line now and then, for logs and pipes. */
final class PlainLines implements Monitor {

    private static final double SECONDS_BETWEEN = 10;

    private final PrintWriter err;
    private final LongSupplier nanoTime;

    PlainLines(PrintWriter err) {
        this(err, System::nanoTime);
    }

    /** @param nanoTime a clock, as {@link System#nanoTime} */
    PlainLines(PrintWriter err, LongSupplier nanoTime) {
        this.err = err;
        this.nanoTime = nanoTime;
    }

    @Override
    public Stage stage(String name, long total, String unit) {
        return new Lines(name, total, unit);
    }

    @Override
    public void note(String line) {
        err.println(line);
    }

    private final class Lines implements Stage {
        private final String name;
        private final long total;
        private final String unit;
        private final Pace pace;
        private double lastLine;
        private String detail = "";

        Lines(String name, long total, String unit) {
            this.name = name;
            this.total = total;
            this.unit = unit;
            this.pace = new Pace(total, nanoTime);
        }

        @Override
        public void advance(long steps) {
            pace.advance(steps);
            double now = pace.seconds();
            if (now - lastLine >= SECONDS_BETWEEN && pace.done() < total) {
                lastLine = now;
                OptionalDouble rate = pace.rate();
                String left = rate.isEmpty() ? "" : String.format(Locale.ROOT, ", %.1f/s, %s left", rate.getAsDouble(),
                        duration(pace.left().orElseThrow()));
                err.println(done() + left + detail);
            }
        }

        @Override
        public void found(long steps) {
            pace.found(steps);
        }

        @Override
        public void detail(String text) {
            detail = "; " + text;
        }

        @Override
        public void close() {
            err.println(done() + " in " + duration(pace.seconds()) + detail);
        }

        private String done() {
            return name + ": " + pace.done() + " of " + total + " " + unit;
        }
    }

    private static String duration(double seconds) {
        return seconds < 100 ? String.format(Locale.ROOT, "%.1f s", seconds)
                : String.format(Locale.ROOT, "%d min %02d s", (long) seconds / 60, (long) seconds % 60);
    }
}

package dev.bulwark.cli;

import dev.bulwark.experiment.Monitor;
import java.io.PrintWriter;
import java.util.Locale;

/** A line now and then, for logs and pipes. */
final class PlainLines implements Monitor {

    private static final double SECONDS_BETWEEN = 10;

    private final PrintWriter err;

    PlainLines(PrintWriter err) {
        this.err = err;
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
        private final long start = System.nanoTime();
        private double lastLine;
        private long done;
        private long firstDone;
        private String detail = "";

        Lines(String name, long total, String unit) {
            this.name = name;
            this.total = total;
            this.unit = unit;
        }

        @Override
        public void advance(long steps) {
            double now = seconds();
            if (done == 0 && now < 0.05) {
                // What an earlier start had finished says nothing of this one's rate.
                firstDone = steps;
            }
            done += steps;
            if (now - lastLine >= SECONDS_BETWEEN && done < total) {
                lastLine = now;
                double rate = (done - firstDone) / now;
                err.printf(Locale.ROOT, "%s: %d of %d %s, %.1f/s, %s left%s%n", name, done, total, unit, rate,
                        duration((total - done) / rate), detail);
            }
        }

        @Override
        public void detail(String text) {
            detail = "; " + text;
        }

        @Override
        public void close() {
            err.printf(Locale.ROOT, "%s: %d of %d %s in %s%s%n", name, done, total, unit, duration(seconds()), detail);
        }

        private double seconds() {
            return (System.nanoTime() - start) / 1e9;
        }
    }

    private static String duration(double seconds) {
        if (!Double.isFinite(seconds)) {
            return "unknown";
        }
        return seconds < 100 ? String.format(Locale.ROOT, "%.1f s", seconds)
                : String.format(Locale.ROOT, "%d min %02d s", (long) seconds / 60, (long) seconds % 60);
    }
}

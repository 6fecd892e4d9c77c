package dev.bulwark.experiment;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/** What the devices of a run share: which images are still to be done, and the results that wait for those before them. */
final class OrderedRows<R> {

    private final int[] open;
    private final Batches.Writing<R> writing;
    private final Monitor.Stage stage;
    private final TreeMap<Integer, List<R>> waiting = new TreeMap<>();
    private int taken;
    private int written;
    private Throwable failure;

    /** @param open indices of the images to do, in the order of their rows */
    OrderedRows(int[] open, Batches.Writing<R> writing, Monitor.Stage stage) {
        this.open = open;
        this.writing = writing;
        this.stage = stage;
    }

    /** Neighbouring positions in the order of rows. */
    record Span(int from, int to) {

        static final Span NONE = new Span(0, 0);

        int length() {
            return to - from;
        }

        Span first(int count) {
            return new Span(from, Math.min(to, from + count));
        }

        Span after(Span head) {
            return new Span(head.to, to);
        }
    }

    /** At most {@code count} images that nobody has taken; none when all are, or when a device has failed. */
    synchronized Span take(int count) {
        Span span = new Span(taken, failure == null ? Math.min(open.length, taken + count) : taken);
        taken = span.to;
        return span;
    }

    int[] indices(Span span) {
        return Arrays.copyOfRange(open, span.from, span.to);
    }

    /** Takes the results of {@code span} and writes all that nothing is missing before. */
    synchronized void handIn(Span span, List<R> results) throws IOException {
        if (results.size() != span.length()) {
            throw new IllegalStateException(results.size() + " results for " + span.length() + " images");
        }
        waiting.put(span.from, results);
        while (!waiting.isEmpty() && waiting.firstKey() == written) {
            for (R result : waiting.pollFirstEntry().getValue()) {
                writing.write(open[written], result);
                ++written;
                stage.advance(1);
            }
        }
    }

    /** Ends the run: no more images are given out. The first failure is the one to report. */
    synchronized void stop(Throwable cause) {
        if (failure == null) {
            failure = cause;
        } else {
            failure.addSuppressed(cause);
        }
    }

    synchronized void requireNoFailure() throws IOException {
        if (failure instanceof IOException e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }
}

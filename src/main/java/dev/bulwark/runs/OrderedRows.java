package dev.bulwark.runs;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntPredicate;

/**
 * What the devices of a run share: which batches are still to be done, and the results that wait for those before them.
 *
 * <p>Batches are cut from all images, at the same places whatever was done before and however many devices there are: a
 * matrix product's last bits may depend on how many rows it has. A batch of which only some rows are missing is computed
 * whole.
 */
final class OrderedRows<R> {

    private final int[] indices;
    private final IntPredicate done;
    private final Batches.Writing<R> writing;
    private final Monitor.Stage stage;
    private final Deque<Span> untaken = new ArrayDeque<>();
    /** Batches, or what is left of them, whose rows are not written. */
    private final Deque<Span> unwritten = new ArrayDeque<>();
    private final TreeMap<Integer, List<R>> waiting = new TreeMap<>();
    private final FirstFailure failure = new FirstFailure();

    /** @param stage told of every image with rows */
    OrderedRows(Batches batches, Batches.Writing<R> writing, Monitor.Stage stage) {
        this.indices = batches.indices();
        this.done = batches.done();
        this.writing = writing;
        this.stage = stage;
        for (int from = 0; from < indices.length; from += batches.size()) {
            Span batch = new Span(from, Math.min(indices.length, from + batches.size()));
            if (!Arrays.stream(indices(batch)).allMatch(done)) {
                untaken.add(batch);
            }
        }
        unwritten.addAll(untaken);
        stage.found(Arrays.stream(indices).filter(done).count());
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

    /** A batch that nobody has taken; an empty span when there is none, or when a device has failed. */
    synchronized Span take() {
        return untaken.isEmpty() || failure.happened() ? Span.NONE : untaken.remove();
    }

    int[] indices(Span span) {
        return Arrays.copyOfRange(indices, span.from, span.to);
    }

    /** Takes the results of {@code span}, a batch or a part of one, and writes all that nothing is missing before. */
    synchronized void handIn(Span span, List<R> results) throws IOException {
        if (results.size() != span.length()) {
            throw new IllegalStateException(results.size() + " results for " + span.length() + " images");
        }
        waiting.put(span.from, results);
        while (!unwritten.isEmpty() && waiting.containsKey(unwritten.peek().from)) {
            Span batch = unwritten.remove();
            List<R> next = waiting.remove(batch.from);
            Span written = batch.first(next.size());
            write(written, next);
            if (written.to < batch.to) {
                unwritten.push(batch.after(written));
            }
        }
    }

    private void write(Span span, List<R> results) throws IOException {
        for (int k = 0; k < results.size(); ++k) {
            int index = indices[span.from + k];
            if (!done.test(index)) {
                writing.write(index, results.get(k));
                stage.advance(1);
            }
        }
    }

    /** Ends the run: no more images are given out. The first failure is the one to report. */
    void stop(Throwable cause) {
        failure.add(cause);
    }

    void requireNoFailure() throws IOException {
        failure.rethrow();
    }
}

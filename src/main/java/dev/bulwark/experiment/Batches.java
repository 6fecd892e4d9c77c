package dev.bulwark.experiment;

import java.io.IOException;
import java.util.Arrays;
import java.util.function.IntPredicate;

/** The one loop of all runs: images without a row yet, a batch at a time. */
final class Batches {

    private Batches() {
    }

    /** Works on one batch and writes its rows. */
    interface Work {
        void run(int[] batch) throws IOException;
    }

    /**
     * @param indices in the order of the rows
     * @param done    whether an image has all its rows from an earlier start
     */
    static void run(String name, int[] indices, IntPredicate done, int size, Monitor monitor, Work work) throws IOException {
        int[] open = Arrays.stream(indices).filter(done.negate()).toArray();
        try (Monitor.Stage stage = monitor.stage(name, indices.length, "images")) {
            stage.advance(indices.length - open.length);
            for (int from = 0; from < open.length; from += size) {
                int[] batch = Arrays.copyOfRange(open, from, Math.min(open.length, from + size));
                work.run(batch);
                stage.advance(batch.length);
            }
        }
    }
}

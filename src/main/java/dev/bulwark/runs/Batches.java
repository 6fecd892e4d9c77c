package dev.bulwark.runs;

import dev.bulwark.device.Backend;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * The one loop of all runs: images without a row yet, a batch at a time, shared out among the devices. Rows are written in
 * the images' order whatever order devices finish in, each as soon as those before it are.
 *
 * @param name    what the run is called on the screen
 * @param indices images in the order of their rows
 * @param done    whether an image has all its rows from an earlier start
 * @param size    images of a batch, at most
 */
record Batches(String name, int[] indices, IntPredicate done, int size) {

    /** One device's part: opens what it needs there, works on {@code batches}, closes. May be asked for more than once. */
    interface Share<R> {
        void work(Backend backend, Source<R> batches) throws IOException;
    }

    /** Batch after batch for one device, until none is left. */
    interface Source<R> {
        /** @param work from a batch's indices to a result for each */
        default void forEach(Function<int[], List<R>> work) throws IOException {
            forEach((int[] batch, Parts<R> parts) -> parts.handIn(work.apply(batch)));
        }

        /** For work that takes long enough to hand results in on the way. */
        void forEach(Work<R> work) throws IOException;
    }

    /** On one batch. */
    interface Work<R> {
        /** @param parts takes a result for each of the batch's images, in their order */
        void on(int[] batch, Parts<R> parts) throws IOException;
    }

    /** Takes the results of a batch, part by part. */
    interface Parts<R> {
        /** @param next of the images behind those of the parts before */
        void handIn(List<R> next) throws IOException;
    }

    /** Writes an image's rows; called by one thread at a time, in the images' order. */
    interface Writing<R> {
        void write(int index, R result) throws IOException;
    }

    /**
     * Does what is left to do. Where a device runs out of memory, its batches are halved and it goes on.
     *
     * @throws dev.bulwark.device.DeviceException if a device can't go on; rows written before are good
     */
    <R> void run(Fleet fleet, Monitor monitor, Share<R> share, Writing<R> writing) throws IOException {
        try (Monitor.Stage stage = monitor.stage(name, indices.length, "images")) {
            OrderedRows<R> rows = new OrderedRows<>(this, writing, stage);
            List<Lane<R>> lanes = fleet.backends().stream().map(backend -> new Lane<>(backend, rows, size, monitor))
                    .toList();
            if (lanes.size() == 1) {
                lanes.get(0).run(share);
            } else {
                inParallel(lanes, share, rows);
            }
        }
    }

    private static <R> void inParallel(List<Lane<R>> lanes, Share<R> share, OrderedRows<R> rows) throws IOException {
        List<Thread> threads = lanes.stream().map(lane -> new Thread(() -> {
            try {
                lane.run(share);
            } catch (Throwable e) {
                rows.stop(e);
            }
        }, lane.toString())).toList();
        Threads.run(threads, () -> rows.stop(new ExperimentException("interrupted")));
        rows.requireNoFailure();
    }
}

package dev.bulwark.runs;

import dev.bulwark.device.Backend;
import dev.bulwark.device.OutOfDeviceMemoryException;
import java.io.IOException;
import java.util.List;

/** One device's way through the images of a run: takes some, works on them, hands the results in. */
final class Lane<R> implements Batches.Source<R> {

    private final Backend backend;
    private final OrderedRows<R> rows;
    private final Monitor monitor;
    private int size;
    private boolean halved;
    /** Positions taken and not handed in. */
    private OrderedRows.Span mine = OrderedRows.Span.NONE;

    /** @param size images of a batch, at most */
    Lane(Backend backend, OrderedRows<R> rows, int size, Monitor monitor) {
        this.backend = backend;
        this.rows = rows;
        this.size = size;
        this.monitor = monitor;
    }

    /** Works until no image is left, with smaller batches where memory runs out: results do not depend on their size. */
    void run(Batches.Share<R> share) throws IOException {
        while (take()) {
            try {
                share.work(backend, this);
            } catch (OutOfDeviceMemoryException e) {
                size = Math.min(size, mine.length()) / 2;
                if (size == 0) {
                    throw e;
                }
                halved = true;
            }
        }
    }

    @Override
    public void forEach(Batches.Work<R> work) throws IOException {
        while (take()) {
            OrderedRows.Span batch = mine.first(size);
            OrderedRows.Span behind = mine.after(batch);
            work.on(rows.indices(batch), results -> {
                OrderedRows.Span part = mine.first(results.size());
                if (halved) {
                    halved = false;
                    monitor.note("memory ran out on " + this + ": going on with batches of " + size);
                }
                rows.handIn(part, results);
                mine = mine.after(part);
            });
            if (!mine.equals(behind)) {
                throw new IllegalStateException("of images " + batch + " no results were handed in from " + mine.from());
            }
        }
    }

    /** Whether there is something to do: what is left of the images taken last, or else new ones. */
    private boolean take() {
        if (mine.length() == 0) {
            mine = rows.take();
        }
        return mine.length() > 0;
    }

    @Override
    public String toString() {
        return backend.info().name();
    }
}

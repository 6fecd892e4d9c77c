package dev.bulwark.device.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * A fixed set of daemon threads that share out numbered tasks; the caller works along.
 *
 * <p>A training step is some fifty short batches of tasks, and to wake a sleeping thread takes as long as some of them do.
 * So whoever waits, a helper for the next batch or the caller for the last task, watches for {@link #PATIENCE} before it
 * sleeps. A batch needs no helper: one that comes late finds nothing left.
 */
final class Workers implements AutoCloseable {

    /** Nanoseconds to watch before sleeping: longer than a pause within a training step, too short to warm the room. */
    private static final long PATIENCE = 50_000;

    private final int count;
    private final Helper[] helpers;
    private volatile Batch latest;
    private volatile boolean closed;

    Workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("at least one worker is needed: " + count);
        }
        this.count = count;
        this.helpers = new Helper[count - 1];
    }

    int count() {
        return count;
    }

    /** Runs {@code task} for 0 .. tasks - 1 in any order and on any thread; returns, or rethrows, when all are done. */
    void run(int tasks, IntConsumer task) {
        if (tasks <= 1 || count == 1 || closed) {
            for (int i = 0; i < tasks; ++i) {
                task.accept(i);
            }
            return;
        }
        Batch batch = new Batch(tasks, task);
        latest = batch;
        wake(Math.min(helpers.length, tasks - 1));
        batch.work();
        batch.await();
        if (latest == batch) {
            latest = null; // what its task refers to may be large
        }
    }

    /** Work on {@code count} of several equal things, from number {@code first} on. */
    interface Part {
        void run(int first, int count);
    }

    /** One part of {@code total} things for each worker; fewer parts where they would have less than 16. */
    void split(int total, Part part) {
        int parts = Math.min(count, (total + 15) / 16);
        run(parts, i -> {
            int first = (int) ((long) total * i / parts);
            part.run(first, (int) ((long) total * (i + 1) / parts) - first);
        });
    }

    /** Makes sure that the first {@code wanted} helpers look for work. */
    private synchronized void wake(int wanted) {
        for (int i = 0; i < wanted; ++i) {
            if (helpers[i] == null) {
                helpers[i] = new Helper();
                helpers[i].start();
            } else {
                helpers[i].wait.end();
            }
        }
    }

    /** Ends the threads; later batches are the caller's alone. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Helper helper : helpers) {
            if (helper != null) {
                helper.wait.end();
            }
        }
    }

    private final class Helper extends Thread {
        private final Wait wait = new Wait(this);

        Helper() {
            super("bulwark-worker");
            setDaemon(true);
        }

        @Override
        public void run() {
            Batch seen = null;
            while (!closed) {
                Batch batch = latest;
                if (batch != null && batch != seen) {
                    batch.work();
                    seen = batch;
                } else {
                    Batch old = seen;
                    wait.until(() -> closed || latest != null && latest != old);
                }
            }
        }
    }

    /** One thread's wait for something that others do. */
    private static final class Wait {
        private final Thread thread;
        private volatile boolean sleeping;

        Wait(Thread thread) {
            this.thread = thread;
        }

        /** Called by the waiting thread; an interrupt stays pending and makes it watch to the end. */
        void until(BooleanSupplier done) {
            long start = System.nanoTime();
            while (!done.getAsBoolean()) {
                if (System.nanoTime() - start < PATIENCE || Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                } else {
                    sleeping = true; // before the last check: the thread that makes it true reads this afterwards
                    if (!done.getAsBoolean()) {
                        LockSupport.park(this);
                    }
                    sleeping = false;
                }
            }
        }

        /** Called by others once what is waited for is true. */
        void end() {
            if (sleeping) {
                LockSupport.unpark(thread);
            }
        }
    }

    private static final class Batch {
        private final int tasks;
        private final IntConsumer task;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger open;
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private final Wait wait = new Wait(Thread.currentThread());

        Batch(int tasks, IntConsumer task) {
            this.tasks = tasks;
            this.task = task;
            this.open = new AtomicInteger(tasks);
        }

        /** Takes tasks until none is left to take. */
        void work() {
            for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                try {
                    if (failure.get() == null) {
                        task.accept(i);
                    }
                } catch (Throwable thrown) {
                    failure.compareAndSet(null, thrown);
                } finally {
                    if (open.decrementAndGet() == 0) {
                        wait.end();
                    }
                }
            }
        }

        /** Waits for the tasks that others took. */
        void await() {
            wait.until(() -> open.get() == 0);
            Throwable thrown = failure.get();
            if (thrown instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            if (thrown instanceof Error error) {
                throw error;
            }
        }
    }
}

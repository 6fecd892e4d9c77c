package dev.bulwark.device.cpu;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;

/** A fixed set of daemon threads that share out numbered tasks; the caller works along. */
final class Workers implements AutoCloseable {

    private final int count;
    private final ExecutorService pool;

    Workers(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("at least one worker is needed: " + count);
        }
        this.count = count;
        this.pool = Executors.newFixedThreadPool(Math.max(1, count - 1), task -> {
            Thread thread = new Thread(task, "bulwark-worker");
            thread.setDaemon(true);
            return thread;
        });
    }

    int count() {
        return count;
    }

    /** Runs {@code task} for 0 .. tasks - 1 in any order and on any thread; returns, or rethrows, when all are done. */
    void run(int tasks, IntConsumer task) {
        if (tasks <= 1 || count == 1) {
            for (int i = 0; i < tasks; ++i) {
                task.accept(i);
            }
            return;
        }
        Batch batch = new Batch(tasks, task);
        for (int helper = 1; helper < Math.min(count, tasks); ++helper) {
            pool.execute(batch);
        }
        batch.run();
        batch.await();
    }

    @Override
    public void close() {
        pool.shutdown();
    }

    private static final class Batch implements Runnable {
        private final int tasks;
        private final IntConsumer task;
        private final AtomicInteger next = new AtomicInteger();
        private final CountDownLatch open;
        private final AtomicReference<Throwable> failure = new AtomicReference<>();

        Batch(int tasks, IntConsumer task) {
            this.tasks = tasks;
            this.task = task;
            this.open = new CountDownLatch(tasks);
        }

        @Override
        public void run() {
            for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
                try {
                    if (failure.get() == null) {
                        task.accept(i);
                    }
                } catch (Throwable thrown) {
                    failure.compareAndSet(null, thrown);
                } finally {
                    open.countDown();
                }
            }
        }

        void await() {
            boolean interrupted = false;
            while (true) {
                try {
                    open.await();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
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

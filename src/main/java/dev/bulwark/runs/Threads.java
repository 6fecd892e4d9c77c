package dev.bulwark.runs;

import java.util.List;

/** Threads that are waited for even after a failure: devices may only be closed when nobody uses them any more. */
final class Threads {

    private Threads() {
    }

    /**
     * Starts all and returns when all have ended.
     *
     * @param onInterrupt told when this thread is interrupted, which stays so; should make the others end soon
     */
    static void run(List<Thread> threads, Runnable onInterrupt) {
        threads.forEach(Thread::start);
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                    onInterrupt.run();
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

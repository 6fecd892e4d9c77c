package dev.bulwark.cli;

import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * For calls that may hang, as a broken driver's do. Nothing can end such a call: its thread is left behind, and doesn't keep
 * the process alive.
 */
record TimeLimit(double seconds) {

    /** What {@code call} returns, or empty if it takes longer than this; throws what the call throws. */
    <T> Optional<T> on(Supplier<T> call) {
        FutureTask<T> task = new FutureTask<>(call::get);
        Thread thread = new Thread(task, "may hang");
        thread.setDaemon(true);
        thread.start();
        try {
            return Optional.of(task.get((long) (seconds * 1e9), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            return Optional.empty();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) e.getCause(); // a supplier throws nothing else
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}

package dev.bulwark.device.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkersTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @ParameterizedTest
    @CsvSource({"1, 0", "1, 31", "2, 1", "2, 2", "3, 1021", "9, 33"})
    void givenTasks_whenRunTimeAndAgain_thenEachRunsOnce(int count, int tasks) {
        try (Workers workers = new Workers(count)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(tasks);
            int batches = 300;
            for (int batch = 0; batch < batches; ++batch) {
                if (batch % 100 == 99) {
                    LockSupport.parkNanos(2_000_000); // long enough for the helpers to fall asleep
                }
                workers.run(tasks, runs::incrementAndGet);
            }
            for (int i = 0; i < tasks; ++i) {
                assertEquals(batches, runs.get(i));
            }
        }
    }

    @Test
    void givenTasksThatWaitForOneAnother_whenRun_thenEachHasAThread() {
        int count = 5;
        try (Workers workers = new Workers(count)) {
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            for (int batch = 0; batch < 20; ++batch) {
                CountDownLatch together = new CountDownLatch(count);
                assertTimeoutPreemptively(LONG, () -> workers.run(count, task -> {
                    threads.add(Thread.currentThread());
                    together.countDown();
                    waitFor(together);
                }));
            }
            assertTrue(threads.stream().filter(thread -> thread.getName().equals("bulwark-worker")).count() == count - 1);
        }
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void givenATaskThatFails_whenRun_thenItsExceptionArrivesAndTheNextBatchRuns() {
        try (Workers workers = new Workers(3)) {
            IllegalStateException failure = new IllegalStateException("task 7");
            Throwable thrown = assertThrows(IllegalStateException.class, () -> workers.run(31, task -> {
                if (task == 7) {
                    throw failure;
                }
            }));
            assertEquals(failure, thrown);
            AtomicIntegerArray runs = new AtomicIntegerArray(2);
            workers.run(2, runs::incrementAndGet);
            assertEquals(2, runs.get(0) + runs.get(1));
        }
    }

    @Test
    void givenAnInterruptedCaller_whenRun_thenAllTasksEndAndTheInterruptStays() {
        try (Workers workers = new Workers(2)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(8);
            Thread.currentThread().interrupt();
            workers.run(8, task -> {
                LockSupport.parkNanos(1_000_000);
                runs.incrementAndGet(task);
            });
            assertTrue(Thread.interrupted());
            for (int i = 0; i < 8; ++i) {
                assertEquals(1, runs.get(i));
            }
        }
    }

    @Test
    void givenTaskThatRunsTasks_whenRun_thenAllEnd() {
        try (Workers workers = new Workers(3)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(4);
            assertTimeoutPreemptively(LONG,
                    () -> workers.run(4, outer -> workers.run(33, inner -> runs.incrementAndGet(outer))));
            for (int i = 0; i < 4; ++i) {
                assertEquals(33, runs.get(i));
            }
        }
    }

    @Test
    void givenClosedWorkers_whenRun_thenTheCallerDoesItAlone() {
        Workers workers = new Workers(4);
        workers.run(8, task -> { });
        workers.close();
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        workers.run(8, task -> threads.add(Thread.currentThread()));
        assertEquals(Set.of(Thread.currentThread()), threads);
    }

    @Test
    void givenNoWorkers_whenCreated_thenItIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Workers(0));
    }
}

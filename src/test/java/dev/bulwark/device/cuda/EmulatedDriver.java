package dev.bulwark.device.cuda;

import static jcuda.driver.JCudaDriver.cuCtxGetLimit;
import static jcuda.driver.JCudaDriver.cuCtxSetLimit;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jcuda.driver.CUresult;

/**
 * The emulated driver of {@code src/test/cuda/}: settings, faults on demand, and counters of what is live. They travel
 * through {@code cuCtxSetLimit} and {@code cuCtxGetLimit} under codes that no real driver knows, and need no context.
 */
public final class EmulatedDriver {

    private static final Path LIBRARY = Path.of(System.getProperty("emulatedDriver", "target/emulated/libcuda.so.1"));

    /** What a test may set; each stays until {@link #reset}. */
    public enum Setting {
        DEVICES(0x42000000),
        /** Times ten: 80, 86, 89, 90, 100, 120; decides what a multiprocessor has, and which PTX runs. */
        CAPABILITY(0x42000001),
        /** CUDA's version, for example 12060. */
        DRIVER_VERSION(0x42000002),
        /**
         * The order of a block's threads: {@link #FORWARD}, {@link #REVERSED}, {@link #STARVING},
         * {@link #STARVING_BLOCK}, else a seed.
         */
        SCHEDULE(0x42000003),
        /** 1 if all work of streams, and asynchronous copies, happen as late as they may; 0 at once. */
        LATE(0x42000004),
        WORKERS(0x42000005),
        /** Bytes of each device. */
        MEMORY(0x42000006),
        /**
         * Of an allocation's start, in bytes: 256 as real drivers do; less leaves fewer bytes between its end and a fault.
         */
        ALIGNMENT(0x42000007),
        /** What {@code cuInit} returns. */
        INIT_RESULT(0x42000008),
        /** What loading machine code returns; 0 for what it deserves. */
        CUBIN_RESULT(0x42000009),
        /** Multiprocessors of each device: 4 unless set. */
        MULTIPROCESSORS(0x4200000a),
        /**
         * 1 has launches from now on watched, at a cost: a race, or a read of memory that was not written, fails the launch.
         */
        RACES(0x4200000b),
        /** The n-th allocation from now on finds no memory. */
        FAIL_ALLOCATION(0x42000100),
        /** The n-th kernel to run from now on fails, and the context with it. */
        FAIL_LAUNCH(0x42000101),
        /** What every call returns from now on. */
        LOSE_DEVICE(0x42000102);

        private final int code;

        Setting(int code) {
            this.code = code;
        }
    }

    /** What the driver counts. */
    public enum Counter {
        ALLOCATIONS(0x42000200),
        BYTES(0x42000201),
        PINNED_BYTES(0x42000202),
        STREAMS(0x42000203),
        EVENTS(0x42000204),
        MODULES(0x42000205),
        GRAPHS(0x42000206),
        /** Objects of any kind that were alive when their context was given back. */
        LEAKED(0x42000207),
        /** Kernels that have run. */
        LAUNCHES(0x42000208),
        CONTEXTS(0x42000209),
        /** Graphs that captures ended in. */
        CAPTURES(0x4200020A),
        /** Asynchronous copies that streams were asked for, outside of captures; fills of memory. */
        COPIES(0x4200020B),
        FILLS(0x4200020C);

        private final int code;

        Counter(int code) {
            this.code = code;
        }
    }

    /** What a graph consists of: kernels, copies and fills of memory, and waits for other streams. */
    public record Nodes(long kernels, long copies, long fills, long others) {

        public long all() {
            return kernels + copies + fills + others;
        }
    }

    /** {@link #GRAPH_NODES} plus 4 n + k: nodes of the n-th captured graph, k in the order of {@link Nodes}. */
    private static final int GRAPH_NODES = 0x42010000;

    private static final int LAST_LINE = 0x43000000;

    private static final Set<Counter> OF_THE_PAST = Set.of(Counter.LAUNCHES, Counter.CAPTURES, Counter.COPIES,
            Counter.FILLS);

    public static final int FORWARD = 0;
    public static final int REVERSED = 1;
    /** Plus k: four warps of each block, from 4 k on, run only when no other can. */
    public static final int STARVING = 1000;

    /** Plus r: block r of each cluster runs only when no other can. */
    public static final int STARVING_BLOCK = 1008;

    private static final int RESET = 0x42000103;

    private static boolean loaded;

    private EmulatedDriver() {
    }

    /** Whether it has been built: scripts/lib/emulator.sh, or scripts/test. */
    static boolean isBuilt() {
        return Files.exists(LIBRARY);
    }

    /** Has JCuda find the emulated driver; must come before anything else of JCuda's. */
    static synchronized void load() {
        if (loaded) {
            return;
        }
        if (!isBuilt()) {
            throw new IllegalStateException("no " + LIBRARY + ": run scripts/lib/emulator.sh, or scripts/test");
        }
        // JCuda's library asks for libcuda.so.1: what is loaded under that name already is what it gets.
        System.load(LIBRARY.toAbsolutePath().toString());
        if (!Driver.isInstalled()) {
            throw new IllegalStateException("JCuda does not take " + LIBRARY);
        }
        loaded = true;
    }

    /** Whether this process runs on the emulated driver. */
    static synchronized boolean isLoaded() {
        return loaded;
    }

    public static void set(Setting setting, long value) {
        call(setting.name(), cuCtxSetLimit(setting.code, value));
    }

    static long get(Setting setting) {
        return limit(setting.name(), setting.code);
    }

    public static long count(Counter counter) {
        return limit(counter.name(), counter.code);
    }

    /** The graphs that have been captured since the last {@link #reset}, in order. */
    public static List<Nodes> capturedGraphs() {
        return IntStream.range(0, (int) count(Counter.CAPTURES))
                .mapToObj(n -> new Nodes(nodes(n, 0), nodes(n, 1), nodes(n, 2), nodes(n, 3))).toList();
    }

    /** What the driver wrote last on standard error since the last {@link #reset}: why a call or a launch failed. */
    public static String lastLine() {
        return IntStream.iterate(0, n -> n + 1).mapToObj(n -> (char) limit("LAST_LINE", LAST_LINE + n))
                .takeWhile(c -> c != 0).map(String::valueOf).collect(Collectors.joining());
    }

    private static long nodes(int graph, int kind) {
        return limit("GRAPH_NODES of graph " + graph, GRAPH_NODES + 4 * graph + kind);
    }

    /** All settings as the environment has them, no faults, and nothing alive. */
    public static void reset() {
        call("RESET", cuCtxSetLimit(RESET, 0));
    }

    /** What is live or leaked, one name and number each; empty if nothing is. */
    public static String alive() {
        StringBuilder text = new StringBuilder();
        for (Counter counter : Counter.values()) {
            if (!OF_THE_PAST.contains(counter) && count(counter) != 0) {
                text.append(text.length() == 0 ? "" : ", ").append(counter).append(' ').append(count(counter));
            }
        }
        return text.toString();
    }

    private static long limit(String name, int code) {
        long[] value = new long[1];
        call(name, cuCtxGetLimit(value, code));
        return value[0];
    }

    private static void call(String name, int result) {
        if (result != CUresult.CUDA_SUCCESS) {
            throw new IllegalStateException(name + ": " + CUresult.stringFor(result));
        }
    }
}

package dev.bulwark.device.cuda;

import static dev.bulwark.device.cuda.EmulatedDriver.count;
import static dev.bulwark.device.cuda.EmulatedDriver.set;
import static jcuda.driver.CUresult.CUDA_ERROR_ILLEGAL_ADDRESS;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_CONTEXT;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_HANDLE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_IMAGE;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_PTX;
import static jcuda.driver.CUresult.CUDA_ERROR_INVALID_VALUE;
import static jcuda.driver.CUresult.CUDA_ERROR_LAUNCH_FAILED;
import static jcuda.driver.CUresult.CUDA_ERROR_MISALIGNED_ADDRESS;
import static jcuda.driver.CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU;
import static jcuda.driver.CUresult.CUDA_ERROR_NOT_FOUND;
import static jcuda.driver.CUresult.CUDA_ERROR_OUT_OF_MEMORY;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
import static jcuda.driver.CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
import static jcuda.driver.CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
import static jcuda.driver.CUresult.CUDA_SUCCESS;
import static jcuda.driver.JCudaDriver.*; // this test calls most of them
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstreamCaptureMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the emulated driver must find, refuse and count: a checker that misses its fault proves nothing elsewhere. */
class EmulatedDriverTest extends PlantedKernels {

    /** Declarations of all kernels of faulty_kernels.cu. */
    @Override
    protected String entries() {
        return entry("faulty_read", "", "u64", "u64", "u32")
                + entry("faulty_write", "", "u64", "u64")
                + entry("faulty_reverse", "256", "u64", "u64")
                + entry("sound_reverse", "256", "u64", "u64")
                + entry("faulty_barrier", "", "u64")
                + entry("faulty_lanes", "", "u64")
                + entry("faulty_shared", "", "u64", "u32")
                + entry("faulty_uninitialised", "128", "u64")
                + entry("sound_collectives", "4", "u64")
                + entry("directed_rounding", "", "u64", "u64", "u64", "u64", "u32")
                + entry("faulty_alignment", "", "u64", "u64")
                + entry("faulty_index", "32", "u64", "u32")
                + inClusters(entry("cluster_product", "", "u64", "u64", "u32"));
    }

    private static float[] counting(int n) {
        float[] values = new float[n];
        for (int i = 0; i < n; ++i) {
            values[i] = i;
        }
        return values;
    }

    // ---- memory ------------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @ValueSource(ints = {64, 1024, 4096}) // ends that meet the alignment: the next element is on the no-access page
    void givenAReadPastTheEnd_whenRun_thenTheContextIsLost(int n) {
        CUdeviceptr x = allocate(n);
        CUdeviceptr y = allocate(n);
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run("faulty_read", 20, 256, 0, of(x), of(y), of(n)));
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, cuMemAlloc(new CUdeviceptr(), 4), "stays");
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(stream), "stays");
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, -3, 33, 35, 36, 100, -2000, 100_000})
    void givenAWriteOutside_whenRun_thenTheContextIsLost(long index) {
        CUdeviceptr x = allocate(33);
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run("faulty_write", 1, 32, 0, of(x), of(index)));
    }

    @Test
    void givenAWriteInside_whenRun_thenOnlyThatElementIsNoPoison() {
        CUdeviceptr x = allocate(33);
        check(run("faulty_write", 1, 32, 0, of(x), of(32L)));
        float[] values = host(x, 33);
        assertEquals(1f, values[32]);
        for (int i = 0; i < 32; ++i) {
            assertTrue(Float.isNaN(values[i]), "fresh memory is NaN");
        }
    }

    @Test
    void givenAFreedBuffer_whenWritten_thenTheContextIsLost() {
        CUdeviceptr x = allocate(33);
        check(cuMemFree(x));
        allocate(33); // does not get the same addresses
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run("faulty_write", 1, 32, 0, of(x), of(0L)));
    }

    @Test
    void givenAFreedBuffer_whenFreedAgain_thenItIsRefused() {
        CUdeviceptr x = allocate(33);
        check(cuMemFree(x));
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuMemFree(x));
    }

    @Test
    void givenCopiesPastTheEnd_whenAsked_thenTheyAreRefused() {
        CUdeviceptr x = allocate(4);
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(x, Pointer.to(new float[5]), 20));
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH(Pointer.to(new float[5]), x, 20));
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoDAsync(x, allocate(4), 20, stream));
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuMemsetD32Async(x, 0, 5, stream));
    }

    @Test
    void givenNullChecksOfTheJvm_whenAKernelHasFaulted_thenTheyStillWork() {
        CUdeviceptr x = allocate(33);
        run("faulty_write", 1, 32, 0, of(x), of(100_000L));
        int caught = 0;
        for (int i = 0; i < 200_000; ++i) { // long enough to be compiled, whose null checks are signals
            try {
                caught += lengthOf(i % 2 == 0 ? "x" : null);
            } catch (NullPointerException e) {
                caught += 1;
            }
        }
        assertEquals(200_000, caught);
    }

    private static int lengthOf(String text) {
        return text.length();
    }

    @Test
    void givenAMisalignedVector_whenRead_thenTheKernelFails() {
        assertEquals(CUDA_ERROR_MISALIGNED_ADDRESS, run("faulty_alignment", 1, 32, 0, of(allocate(33)), of(allocate(1))));
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 8, 1000})
    void givenAnIndexOutsideOfAnArray_whenUsed_thenTheKernelFails(int index) {
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run("faulty_index", 1, 32, 0, of(allocate(1)), of(index)));
    }

    // ---- threads -----------------------------------------------------------------------------------------------------

    private float[] reversed(String kernel, int schedule) {
        set(Setting.SCHEDULE, schedule);
        CUdeviceptr x = device(counting(64));
        CUdeviceptr y = allocate(64);
        check(run(kernel, 1, 64, 0, of(x), of(y)));
        return host(y, 64);
    }

    @Test
    void givenAMissingBarrier_whenRunUnderEachSchedule_thenResultsDiffer() {
        float[] forward = reversed("faulty_reverse", EmulatedDriver.FORWARD);
        assertTrue(Float.isNaN(forward[0]), "the other half was not written yet");
        assertNotEquals(Arrays.toString(forward), Arrays.toString(reversed("faulty_reverse", EmulatedDriver.REVERSED)));
        assertNotEquals(Arrays.toString(forward), Arrays.toString(reversed("faulty_reverse", 7)));
    }

    @ParameterizedTest
    @ValueSource(ints = {EmulatedDriver.FORWARD, EmulatedDriver.REVERSED, 7, 99, EmulatedDriver.STARVING, 1001})
    void givenABarrier_whenRunUnderEachSchedule_thenResultsAreRight(int schedule) {
        float[] y = reversed("sound_reverse", schedule);
        for (int i = 0; i < 64; ++i) {
            assertEquals(63 - i, y[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {EmulatedDriver.FORWARD, EmulatedDriver.REVERSED, 7, EmulatedDriver.STARVING})
    void givenEveryCollective_whenRunOnOddBlocks_thenAllThreadsAreCounted(int schedule) {
        set(Setting.SCHEDULE, schedule);
        for (int threads : new int[] {1, 31, 33, 256}) {
            CUdeviceptr y = allocate(10);
            check(run("sound_collectives", 5, threads, 0, of(y)));
            int[] counts = new int[10];
            check(cuMemcpyDtoH(Pointer.to(counts), y, 40));
            int[] expected = new int[10];
            Arrays.fill(expected, threads);
            assertArrayEquals(expected, counts);
        }
    }

    @Test
    void givenThreadsThatWaitForDifferentThings_whenRun_thenTheDeadlockIsFound() {
        assertEquals(CUDA_ERROR_LAUNCH_FAILED, run("faulty_barrier", 1, 64, 0, of(allocate(64))));
    }

    @Test
    void givenLanesInDifferentIntrinsics_whenRun_thenTheKernelFails() {
        assertEquals(CUDA_ERROR_LAUNCH_FAILED, run("faulty_lanes", 1, 32, 0, of(allocate(32))));
    }

    @Test
    void givenAWritePastSharedMemory_whenRun_thenTheKernelFails() {
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run("faulty_shared", 1, 32, 400, of(allocate(32)), of(100)));
        EmulatedDriver.reset();
    }

    @Test
    void givenSharedMemoryThatWasNotWritten_whenRead_thenItIsNaNInEveryBlock() {
        CUdeviceptr x = allocate(2);
        check(run("faulty_uninitialised", 20, 32, 128, of(x)));
        assertTrue(Float.isNaN(host(x, 2)[0]) && Float.isNaN(host(x, 2)[1]));
    }

    // ---- what a driver refuses ---------------------------------------------------------------------------------------

    @Test
    void givenAPtxThatDiffersFromTheSource_whenLookedUp_thenItIsRefused() {
        for (String[] parameters : new String[][] {{"u64", "u32"}, {"u64", "u64", "u32"}, {"u64"}, {"u64", "f64"}}) {
            CUmodule other = new CUmodule();
            check(load(other, ".version 7.8\n.target sm_80\n.address_size 64\n" + entry("faulty_write", "", parameters)));
            assertEquals(CUDA_ERROR_INVALID_IMAGE, cuModuleGetFunction(new CUfunction(), other, "faulty_write"));
        }
        assertEquals(CUDA_ERROR_NOT_FOUND, cuModuleGetFunction(new CUfunction(), module, "no_such_kernel"));
    }

    @Test
    void givenPtxTooNew_whenLoaded_thenItIsRefused() {
        assertEquals(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, load(new CUmodule(), ptx("9.0", "sm_80")));
        set(Setting.DRIVER_VERSION, 11_080);
        assertEquals(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, load(new CUmodule(), ptx("8.0", "sm_80")));
        check(load(new CUmodule(), ptx("7.8", "sm_80")));
        check(load(new CUmodule(), ptx("7.8", "sm_90a")));
        set(Setting.CAPABILITY, 80);
        assertEquals(CUDA_ERROR_NO_BINARY_FOR_GPU, load(new CUmodule(), ptx("7.8", "sm_90a")));
        set(Setting.CAPABILITY, 100);
        assertEquals(CUDA_ERROR_NO_BINARY_FOR_GPU, load(new CUmodule(), ptx("7.8", "sm_90a")), "90a is 9.0 only");
        check(load(new CUmodule(), ptx("7.8", "sm_80")));
    }

    @Test
    void givenMuchSharedMemory_whenLaunched_thenItMustHaveBeenAskedFor() {
        CUfunction function = kernel("faulty_shared");
        int attribute = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        CUdeviceptr x = allocate(32);
        check(run("faulty_shared", 1, 32, 48 << 10, of(x), of(0)));
        assertEquals(CUDA_ERROR_INVALID_VALUE, run("faulty_shared", 1, 32, (48 << 10) + 4, of(x), of(0)));
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(function, attribute, (227 << 10) + 1));
        check(cuFuncSetAttribute(function, attribute, 227 << 10));
        check(run("faulty_shared", 1, 32, 227 << 10, of(x), of(0)));
        set(Setting.CAPABILITY, 80);
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(function, attribute, 164 << 10));
    }

    @ParameterizedTest
    @CsvSource({"80, 163, 164, 2048", "86, 99, 100, 1536", "89, 99, 100, 1536", "90, 227, 228, 2048", "100, 227, 228, 2048",
        "120, 99, 100, 1536"})
    void givenACapability_whenSharedMemoryIsAskedFor_thenItHasThatOfItsCards(int capability, int ofBlock, int all,
            int threads) {
        set(Setting.CAPABILITY, capability);
        int[] value = new int[1];
        int[] attributes = {CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR,
            CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK};
        int[] expected = {ofBlock << 10, all << 10, threads, 48 << 10};
        for (int i = 0; i < attributes.length; ++i) {
            check(cuDeviceGetAttribute(value, attributes[i], device));
            assertEquals(expected[i], value[0], "attribute " + i);
        }
        CUfunction function = kernel("faulty_shared");
        int most = CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        assertEquals(CUDA_ERROR_INVALID_VALUE, cuFuncSetAttribute(function, most, (ofBlock << 10) + 1));
        check(cuFuncSetAttribute(function, most, ofBlock << 10));
        CUdeviceptr x = allocate(32);
        check(run("faulty_shared", 1, 32, ofBlock << 10, of(x), of(0)));
        assertEquals(CUDA_ERROR_INVALID_VALUE, run("faulty_shared", 1, 32, (ofBlock << 10) + 4, of(x), of(0)));
    }

    @Test
    void givenAKernelThatDeclaresMoreSharedMemoryThanAnyMay_whenLoaded_thenItIsRefused() {
        String head = ".version 7.8\n.target sm_80\n.address_size 64\n";
        check(load(new CUmodule(), head + entry("faulty_barrier", "49152", "u64")));
        assertEquals(CUDA_ERROR_INVALID_PTX, load(new CUmodule(), head + entry("faulty_barrier", "49156", "u64")));
    }

    @Test
    void givenImpossibleShapes_whenLaunched_thenTheyAreRefused() {
        CUfunction function = kernel("faulty_barrier");
        Pointer arguments = Pointer.to(of(allocate(1024)));
        int[][] shapes = {{0, 1, 1, 32}, {1, 0, 1, 32}, {1, 1, 0, 32}, {1, 1, 1, 0}, {1, 65_536, 1, 32}, {1, 1, 65_536, 32},
                {1, 1, 1, 257}};
        for (int[] s : shapes) {
            assertEquals(CUDA_ERROR_INVALID_VALUE,
                    cuLaunchKernel(function, s[0], s[1], s[2], s[3], 1, 1, 0, stream, arguments, null), Arrays.toString(s));
        }
    }

    @Test
    void givenHandlesThatAreGone_whenUsed_thenTheyAreRefused() {
        CUdeviceptr x = allocate(4);
        CUfunction function = kernel("faulty_barrier");
        check(cuModuleUnload(module));
        assertEquals(CUDA_ERROR_INVALID_HANDLE,
                cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, Pointer.to(of(x)), null));
        check(cuStreamDestroy(stream));
        assertEquals(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream));
        check(cuDevicePrimaryCtxRelease(device));
        assertEquals(CUDA_ERROR_INVALID_CONTEXT, cuMemAlloc(new CUdeviceptr(), 4));
    }

    @Test
    void givenAnotherThread_whenItHasNoContext_thenCallsAreRefused() throws InterruptedException {
        int[] result = new int[1];
        Thread thread = new Thread(() -> result[0] = cuMemAlloc(new CUdeviceptr(), 4));
        thread.start();
        thread.join();
        assertEquals(CUDA_ERROR_INVALID_CONTEXT, result[0]);
    }

    // ---- streams, capture --------------------------------------------------------------------------------------------

    @Test
    void givenAPinnedBuffer_whenReadBeforeTheStreamIsWaitedFor_thenTheCopyHasNotArrived() {
        CUdeviceptr x = device(5);
        Pointer pinned = new Pointer();
        check(cuMemAllocHost(pinned, 4));
        check(cuMemcpyDtoHAsync(pinned, x, 4, stream));
        assertTrue(Float.isNaN(pinned.getByteBuffer(0, 4).order(java.nio.ByteOrder.nativeOrder()).getFloat(0)));
        check(cuStreamSynchronize(stream));
        assertEquals(5f, pinned.getByteBuffer(0, 4).order(java.nio.ByteOrder.nativeOrder()).getFloat(0));
    }

    @Test
    void givenAPinnedBuffer_whenReusedBeforeTheStreamIsWaitedFor_thenTheCopyTakesTheNewContents() {
        CUdeviceptr x = allocate(1);
        Pointer pinned = new Pointer();
        check(cuMemAllocHost(pinned, 4));
        pinned.getByteBuffer(0, 4).order(java.nio.ByteOrder.nativeOrder()).putFloat(0, 1f);
        check(cuMemcpyHtoDAsync(x, pinned, 4, stream));
        pinned.getByteBuffer(0, 4).order(java.nio.ByteOrder.nativeOrder()).putFloat(0, 2f);
        check(cuStreamSynchronize(stream));
        assertEquals(2f, host(x, 1)[0], "too early: the copy had not been made");
        set(Setting.LATE, 0);
        check(cuMemcpyHtoDAsync(x, pinned, 4, stream));
        pinned.getByteBuffer(0, 4).order(java.nio.ByteOrder.nativeOrder()).putFloat(0, 3f);
        check(cuStreamSynchronize(stream));
        assertEquals(2f, host(x, 1)[0]);
    }

    @Test
    void givenAKernelOnANonBlockingStream_whenCopiedWithoutWaiting_thenItHasNotRun() {
        CUdeviceptr x = allocate(1);
        check(launch("faulty_write", 1, 32, 0, of(x), of(0L)));
        assertTrue(Float.isNaN(host(x, 1)[0]));
        check(cuStreamSynchronize(stream));
        assertEquals(1f, host(x, 1)[0]);
    }

    private void begin() {
        check(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    }

    @Test
    void givenCallsThatACaptureMustNotMeet_whenMade_thenTheyAndTheCaptureFail() {
        CUdeviceptr x = device(1);
        Runnable[] calls = {
            () -> assertEquals(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuMemAlloc(new CUdeviceptr(), 4)),
            () -> assertEquals(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamSynchronize(stream)),
            () -> assertEquals(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuCtxSynchronize()),
            () -> assertEquals(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuMemcpyDtoH(Pointer.to(new float[1]), x, 4)),
            () -> assertEquals(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuMemFree(x)),
        };
        for (Runnable call : calls) {
            begin();
            call.run();
            assertEquals(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuMemsetD32Async(x, 0, 1, stream));
            assertEquals(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(stream, new CUgraph()));
            check(cuStreamSynchronize(stream));
        }
    }

    @Test
    void givenACapturedSequence_whenReplayed_thenItRunsWithTheArgumentsOfTheCapture() {
        CUdeviceptr x = device(0, 0, 0, 0);
        CUdeviceptr y = allocate(4);
        check(cuMemcpyDtoDAsync(y, x, 16, stream));
        check(cuMemsetD32Async(y, -1, 4, stream));
        check(cuStreamSynchronize(stream));
        long[] index = {2};
        begin();
        check(launch("faulty_write", 1, 32, 0, of(x), Pointer.to(index)));
        check(cuMemcpyDtoDAsync(y, x, 16, stream));
        check(cuMemsetD32Async(x, 0, 4, stream));
        CUgraph graph = new CUgraph();
        check(cuStreamEndCapture(stream, graph));
        index[0] = 77;
        CUgraphExec executable = new CUgraphExec();
        check(cuGraphInstantiate(executable, graph, 0));
        check(cuGraphDestroy(graph));
        assertEquals(List.of(new EmulatedDriver.Nodes(1, 1, 1, 0)), EmulatedDriver.capturedGraphs());
        assertEquals(List.of(1L, 1L, 0L), List.of(count(Counter.COPIES), count(Counter.FILLS), count(Counter.LAUNCHES)),
                "outside of the capture");
        assertTrue(Float.isNaN(host(y, 4)[0]), "a capture runs nothing");
        check(cuGraphLaunch(executable, stream));
        check(cuGraphLaunch(executable, stream));
        check(cuStreamSynchronize(stream));
        assertArrayEquals(new float[] {0, 0, 1, 0}, host(y, 4));
        assertArrayEquals(new float[4], host(x, 4));
        check(cuGraphExecDestroy(executable));
    }

    // ---- faults on demand, counters ----------------------------------------------------------------------------------

    @Test
    void givenAnAllocationThatIsToFail_whenItsTurnComes_thenOnlyThatOneFails() {
        set(Setting.FAIL_ALLOCATION, 2);
        allocate(1);
        assertEquals(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), 4));
        allocate(1);
    }

    @Test
    void givenLittleMemory_whenItIsUsedUp_thenAllocationsFail() {
        set(Setting.MEMORY, 4096);
        CUdeviceptr half = allocate(512);
        assertEquals(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(new CUdeviceptr(), 2049));
        check(cuMemFree(half));
        allocate(1024);
    }

    @Test
    void givenALaunchThatIsToFail_whenItsTurnComes_thenTheContextIsLost() {
        CUdeviceptr x = allocate(4);
        set(Setting.FAIL_LAUNCH, 2);
        check(run("faulty_write", 1, 32, 0, of(x), of(0L)));
        check(launch("faulty_write", 1, 32, 0, of(x), of(0L)));
        assertEquals(CUDA_ERROR_LAUNCH_FAILED, cuStreamSynchronize(stream));
        assertEquals(CUDA_ERROR_LAUNCH_FAILED, cuMemFree(x));
    }

    @Test
    void givenALostDevice_whenAnythingIsCalled_thenItFails() {
        set(Setting.LOSE_DEVICE, CUDA_ERROR_ILLEGAL_ADDRESS);
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, cuMemAlloc(new CUdeviceptr(), 4));
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(stream));
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, cuCtxSetCurrent(context));
    }

    @Test
    void givenThingsLeftAlive_whenTheContextIsGivenBack_thenTheyCountAsLeaked() {
        check(cuModuleUnload(module));
        check(cuStreamDestroy(stream));
        CUdeviceptr x = allocate(25);
        assertEquals(1, count(Counter.ALLOCATIONS));
        assertEquals(100, count(Counter.BYTES));
        check(cuMemFree(x));
        assertEquals(0, count(Counter.BYTES));
        allocate(1);
        check(cuDevicePrimaryCtxRelease(device));
        assertEquals("LEAKED 1", EmulatedDriver.alive());
    }

    @Test
    void givenSeveralDevices_whenAKernelGetsAnothersMemory_thenItFails() {
        set(Setting.DEVICES, 2);
        CUdevice second = new CUdevice();
        CUcontext other = new CUcontext();
        check(cuDeviceGet(second, 1));
        check(cuDevicePrimaryCtxRetain(other, second));
        check(cuCtxSetCurrent(other));
        CUdeviceptr theirs = allocate(1);
        assertEquals(CUDA_ERROR_INVALID_HANDLE, cuStreamSynchronize(stream), "a stream of the first device");
        check(cuCtxSetCurrent(context));
        assertEquals(CUDA_ERROR_ILLEGAL_ADDRESS, run("faulty_write", 1, 32, 0, of(theirs), of(0L)));
    }

    // ---- arithmetic --------------------------------------------------------------------------------------------------

    private static final int OPERATIONS = 16;
    private static final int TRIPLES = 60_000;

    /** Bits at random (all exponents, subnormal ones too), near 1, and c = -ab but for a few units: cancellation. */
    private static float[][] triples() {
        SplittableRandom random = new SplittableRandom(11);
        float[][] triples = new float[TRIPLES][];
        for (int i = 0; i < TRIPLES; ++i) {
            float a = i % 3 == 0 ? finite(random) : random.nextInt(-1000, 1000) / 7f;
            float b = i % 3 == 0 ? finite(random) : 0.1f + random.nextInt(1000) * 1e-3f;
            float c = i % 3 == 2 ? Float.intBitsToFloat(Float.floatToRawIntBits(-a * b) + random.nextInt(-2, 3))
                    : i % 3 == 1 ? (float) random.nextDouble() * Float.MIN_NORMAL : finite(random);
            triples[i] = new float[] {a, b, Float.isFinite(c) ? c : 0f};
        }
        return triples;
    }

    private static float finite(SplittableRandom random) {
        float x = Float.intBitsToFloat(random.nextInt());
        return Float.isFinite(x) ? x : random.nextInt(-3, 4) * Float.MIN_VALUE;
    }

    /** The nearest float to an exact value on one side of it, or the value itself; direction -1 or +1. */
    private static float towards(BigDecimal exact, int direction) {
        float nearest = exact.floatValue();
        if (Float.isInfinite(nearest)) {
            return nearest * direction > 0 ? nearest : Math.copySign(Float.MAX_VALUE, nearest);
        }
        int side = new BigDecimal(nearest).compareTo(exact);
        return side * direction >= 0 ? nearest : direction < 0 ? Math.nextDown(nearest) : Math.nextUp(nearest);
    }

    private static BigDecimal exact(float x) {
        return new BigDecimal(x);
    }

    private static void same(float expected, float actual, float[] triple, String operation) {
        assertTrue(expected == actual, () -> operation + " of " + Arrays.toString(triple) + " is " + actual + ", not "
                + expected);
    }

    @Test
    void givenRandomNumbers_whenRoundedInADirection_thenResultsAreThoseOfExactArithmetic() {
        float[][] triples = triples();
        float[][] columns = new float[3][TRIPLES];
        for (int i = 0; i < TRIPLES; ++i) {
            for (int k = 0; k < 3; ++k) {
                columns[k][i] = triples[i][k];
            }
        }
        CUdeviceptr out = allocate(OPERATIONS * TRIPLES);
        check(run("directed_rounding", 8, 256, 0, of(device(columns[0])), of(device(columns[1])), of(device(columns[2])),
                of(out), of(TRIPLES)));
        float[] y = host(out, OPERATIONS * TRIPLES);
        for (int i = 0; i < TRIPLES; ++i) {
            float[] t = triples[i];
            BigDecimal a = exact(t[0]);
            BigDecimal b = exact(t[1]);
            BigDecimal fused = a.multiply(b).add(exact(t[2]));
            int k = OPERATIONS * i;
            same(towards(fused, -1), y[k], t, "fma down");
            same(towards(fused, 1), y[k + 1], t, "fma up");
            same(Math.fma(t[0], t[1], t[2]), y[k + 2], t, "fma");
            same(towards(a.add(b), -1), y[k + 3], t, "add down");
            same(towards(a.add(b), 1), y[k + 4], t, "add up");
            same(towards(a.subtract(b), -1), y[k + 5], t, "subtract down");
            same(towards(a.subtract(b), 1), y[k + 6], t, "subtract up");
            same(towards(a.multiply(b), -1), y[k + 7], t, "multiply down");
            same(towards(a.multiply(b), 1), y[k + 8], t, "multiply up");
            quotient(a, b, y[k + 9], -1, t);
            quotient(a, b, y[k + 10], 1, t);
            same((float) Math.sqrt(Math.abs((double) t[0])), y[k + 11], t, "root"); // double suffices for float's
            same(towards(a.multiply(b), -1), y[k + 12], t, "narrowing down");
            same(towards(a.multiply(b), 1), y[k + 13], t, "narrowing up");
            same(towards(fused, -fused.signum() == 0 ? 1 : -fused.signum()), y[k + 15], t, "fma to zero");
        }
    }

    /** A quotient is on its side of the exact one, and its neighbour is not. */
    private static void quotient(BigDecimal a, BigDecimal b, float q, int direction, float[] t) {
        if (b.signum() == 0) {
            return;
        }
        assertTrue(sideOf(q, a, b) * direction >= 0, () -> "quotient of " + Arrays.toString(t) + " is " + q);
        float nearer = direction < 0 ? Math.nextUp(q) : Math.nextDown(q);
        assertTrue(sideOf(nearer, a, b) * direction < 0, () -> "quotient of " + Arrays.toString(t) + " is " + q);
    }

    /** Sign of q - a / b. */
    private static int sideOf(float q, BigDecimal a, BigDecimal b) {
        return Float.isInfinite(q) ? (q > 0 ? 1 : -1) : exact(q).multiply(b).compareTo(a) * b.signum();
    }

    @Test
    void givenEveryHalf_whenConverted_thenItIsTheNearest() {
        int n = 0x7C00;
        float[] values = new float[2 * n - 1];
        for (int bits = 0; bits < n; ++bits) { // and between each two of them, where the even one wins
            values[2 * bits] = half(bits);
            if (bits + 1 < n) {
                values[2 * bits + 1] = (half(bits) + half(bits + 1)) / 2;
            }
        }
        CUdeviceptr x = device(values);
        CUdeviceptr out = allocate(OPERATIONS * values.length);
        check(run("directed_rounding", 8, 256, 0, of(x), of(x), of(x), of(out), of(values.length)));
        float[] y = host(out, OPERATIONS * values.length);
        for (int i = 0; i < values.length; ++i) {
            int even = i % 2 == 0 ? i / 2 : i / 2 + (i / 2) % 2;
            assertEquals(half(even), y[OPERATIONS * i + 14], "half of " + values[i]);
        }
    }

    private static float half(int bits) {
        int exponent = bits >> 10;
        float fraction = (bits & 0x3FF) / 1024f;
        return exponent == 0 ? Math.scalb(fraction, -14) : Math.scalb(1 + fraction, exponent - 15);
    }

    // ---- clusters and tensor cores -----------------------------------------------------------------------------------

    private static final int CLUSTER_SHARED = 1024 + 2048 + 512;
    private static final int INVALID_CLUSTER_SIZE = 912;

    /** What cluster_product comes to, or why it failed. */
    private int product(int fault, int schedule, boolean late, float[] result) {
        set(Setting.SCHEDULE, schedule);
        set(Setting.LATE, late ? 1 : 0);
        float[] halves = new float[16 * 16 / 2];
        for (int i = 0; i < halves.length; ++i) {
            // Two halves each: input k = 8 (i / 64) + 2 (i % 4), and the next, of column (i / 4) % 16: 1 / 2^(k % 4).
            int low = 0x3C00 - 0x400 * (2 * i % 4);
            int high = 0x3C00 - 0x400 * ((2 * i + 1) % 4);
            halves[i] = Float.intBitsToFloat(high << 16 | low);
        }
        CUdeviceptr w = device(halves);
        CUdeviceptr y = allocate(2 * 64 * 16);
        int outcome = run("cluster_product", 2, 128, CLUSTER_SHARED, of(w), of(y), of(fault));
        if (outcome == CUDA_SUCCESS) {
            System.arraycopy(host(y, result.length), 0, result, 0, result.length);
        }
        return outcome;
    }

    @ParameterizedTest
    @ValueSource(ints = {EmulatedDriver.FORWARD, EmulatedDriver.REVERSED, 7, EmulatedDriver.STARVING,
        EmulatedDriver.STARVING_BLOCK, EmulatedDriver.STARVING_BLOCK + 1})
    void givenASoundCluster_whenItsBlocksMultiply_thenEachHasTheProduct(int schedule) {
        for (boolean late : new boolean[] {false, true}) {
            float[] result = new float[2 * 64 * 16];
            check(product(0, schedule, late, result));
            for (int i = 0; i < result.length; ++i) {
                // Sixteen inputs: four times 1 + 1/2 + 1/4 + 1/8.
                assertEquals(i / 16 % 8 * 7.5f, result[i], "element " + i);
            }
        }
    }

    /** In the order of faulty_kernels.cu; the fault that only shows in the result is another test's. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17})
    void givenAFaultyCluster_whenRun_thenTheLaunchFails(int fault) {
        assertEquals(CUDA_ERROR_LAUNCH_FAILED, product(fault, EmulatedDriver.FORWARD, true, new float[1]), "fault " + fault);
    }

    /** Kernels whose faults one order of threads may hide. */
    @Test
    void givenAClusterWithARace_whenWatchedUnderAnySchedule_thenItIsFound() {
        int[] schedules = {EmulatedDriver.FORWARD, EmulatedDriver.REVERSED, 7, EmulatedDriver.STARVING_BLOCK};
        for (int fault : new int[] {0, 18, 19}) {
            for (int schedule : schedules) {
                for (boolean late : new boolean[] {false, true}) {
                    forgetEverything();
                    open();
                    set(Setting.RACES, 1);
                    assertEquals(fault == 0 ? CUDA_SUCCESS : CUDA_ERROR_LAUNCH_FAILED,
                            product(fault, schedule, late, new float[1]), "fault " + fault + ", schedule " + schedule);
                }
            }
        }
    }

    @Test
    void givenSumsReadTooEarly_whenRun_thenTheyAreNoNumbers() {
        for (boolean late : new boolean[] {false, true}) {
            float[] result = new float[2 * 64 * 16];
            check(product(3, EmulatedDriver.FORWARD, late, result));
            for (float value : result) {
                assertTrue(Float.isNaN(value));
            }
        }
    }

    @Test
    void givenHalfACluster_whenLaunched_thenItIsRefused() {
        assertEquals(INVALID_CLUSTER_SIZE, launch("cluster_product", 3, 128, CLUSTER_SHARED, of(allocate(128)),
                of(allocate(1)), of(0)));
    }
}

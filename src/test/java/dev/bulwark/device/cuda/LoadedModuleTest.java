package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.bulwark.device.Affine;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cuda.EmulatedDriver.Counter;
import dev.bulwark.device.cuda.EmulatedDriver.Setting;
import java.util.List;
import java.util.stream.Stream;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which code a GPU and a driver get, who shares it, and what is said of it. */
@GpuTest
class LoadedModuleTest {

    /** The first driver that takes the machine code that is checked in. */
    private static final int NEW_DRIVER = 13_000;

    @BeforeEach
    void onTheEmulatedDriverOnly() {
        assumeFalse(TestGpu.isReal(), "other GPUs and drivers need the emulated one");
        EmulatedDriver.reset();
    }

    @AfterEach
    void nothingIsLeft() {
        if (!TestGpu.isReal()) {
            String alive = EmulatedDriver.alive();
            EmulatedDriver.reset();
            assertEquals("", alive);
        }
    }

    private static void become(int capability, int driver) {
        EmulatedDriver.set(Setting.CAPABILITY, capability);
        EmulatedDriver.set(Setting.DRIVER_VERSION, driver);
    }

    // ---- which code ---------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"80, sm_80", "86, sm_86", "87, sm_86", "88, sm_86", "89, sm_89", "90, sm_90", "100, sm_100", "103, sm_100",
        "120, sm_120", "121, sm_120"})
    void givenANewDriver_whenLoaded_thenTheClosestMachineCodeIs(int capability, String machine) {
        become(capability, NEW_DRIVER);
        try (GpuContext gpu = new GpuContext(0); LoadedModule module = LoadedModule.load(gpu, "elementwise", false)) {
            assertTrue(module.machineCode().startsWith(machine + " by ptxas 13."), module.machineCode());
            assertEquals("compute_80", module.architecture());
        }
    }

    @ParameterizedTest
    @CsvSource({"80, 12060, the driver is CUDA 12.6's", "90, 12080, the driver is CUDA 12.8's",
        "90, 11080, the driver is CUDA 11.8's", "110, 13000, there is none for compute capability 11.0"})
    void givenNoMachineCodeThatIsPromisedToRun_whenLoaded_thenPtxIsCompiledAndItIsSaidWhy(int capability, int driver,
            String reason) {
        become(capability, driver);
        try (GpuContext gpu = new GpuContext(0); LoadedModule module = LoadedModule.load(gpu, "elementwise", false)) {
            assertTrue(module.machineCode().startsWith(DeviceInfo.NOT_USED), module.machineCode());
            assertTrue(module.machineCode().endsWith(reason), module.machineCode());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {CUresult.CUDA_ERROR_INVALID_IMAGE, CUresult.CUDA_ERROR_NO_BINARY_FOR_GPU,
        CUresult.CUDA_ERROR_INVALID_SOURCE, CUresult.CUDA_ERROR_NOT_SUPPORTED})
    void givenADriverThatRefusesMachineCode_whenOpened_thenPtxIsCompiledAndItIsSaidWhy(int result) {
        become(90, NEW_DRIVER);
        EmulatedDriver.set(Setting.CUBIN_RESULT, result);
        try (CudaBackend backend = TestGpu.open()) {
            String code = backend.info().libraries().get(DeviceInfo.MACHINE_CODE);
            assertTrue(code.startsWith(DeviceInfo.NOT_USED) && code.contains("sm_90 ")
                    && code.contains(CUresult.stringFor(result)), code);
        }
    }

    @Test
    void givenEitherForm_whenOpened_thenItIsRecordedAndNoPartOfTheArithmetic() {
        become(90, NEW_DRIVER);
        DeviceInfo machine = infoOfAWorkingBackend();
        become(90, 12_060);
        DeviceInfo compiled = infoOfAWorkingBackend();
        assertTrue(machine.libraries().get(DeviceInfo.MACHINE_CODE).startsWith("sm_90 by ptxas"), machine::toString);
        assertTrue(compiled.libraries().get(DeviceInfo.MACHINE_CODE).startsWith(DeviceInfo.NOT_USED), compiled::toString);
        assertEquals(machine.arithmetic(), compiled.arithmetic());
    }

    private static DeviceInfo infoOfAWorkingBackend() {
        try (CudaBackend backend = TestGpu.open(); DeviceMemory memory = new DeviceMemory(backend)) {
            assertArrayEquals(new float[] {0, 2}, relu(backend, memory.holding(-1, 2)));
            return backend.info();
        }
    }

    private static float[] relu(Backend backend, DeviceBuffer x) {
        float[] result = new float[2];
        backend.elementwise().relu(x, 2);
        backend.read(x, result);
        return result;
    }

    // ---- what it holds ------------------------------------------------------------------------------------------------

    static Stream<String> sources() throws Exception {
        return KernelSourcesTest.names().stream();
    }

    /** The emulated driver compares every kernel's parameters with the source's. */
    @ParameterizedTest
    @MethodSource("sources")
    void givenMachineCode_whenItsKernelsAreLookedUp_thenTheyAreThoseOfTheSource(String source) throws Exception {
        for (int capability : new int[] {80, 86, 89, 90, 100, 120}) {
            become(capability, NEW_DRIVER);
            boolean hopperOnly = KernelSourcesTest.architecture(source).equals("compute_90a");
            if (hopperOnly && capability != 90) {
                continue;
            }
            try (GpuContext gpu = new GpuContext(0); LoadedModule module = LoadedModule.load(gpu, source, false)) {
                assertTrue(module.machineCode().startsWith("sm_"), module.machineCode());
                for (String kernel : KernelSourcesTest.kernels(source)) {
                    module.function(kernel);
                }
            }
        }
    }

    // ---- what is said -------------------------------------------------------------------------------------------------

    @Test
    void givenPtxThatTheDriverRefuses_whenLoaded_thenItsCompilersWordsAreInTheMessage() {
        become(90, 11_080);
        try (GpuContext gpu = new GpuContext(0)) {
            DeviceException e =
                    assertThrows(DeviceException.class, () -> LoadedModule.load(gpu, "smoothing_clustered", false));
            assertTrue(e.getMessage().contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION")
                    && e.getMessage().contains("Unsupported .version 8.0; current version is '7.8'"), e.getMessage());
            assertEquals(1, e.getMessage().lines().count());
            assertTrue(e.getCause().getMessage().contains("Unsupported"), "all of it in the trace");
        }
    }

    @Test
    void givenACompilerThatIsAsked_whenLoaded_thenItsLogIsThere() {
        become(80, 12_060);
        try (GpuContext gpu = new GpuContext(0); LoadedModule asked = LoadedModule.load(gpu, "elementwise", true);
             LoadedModule quiet = LoadedModule.load(gpu, "elementwise", false)) {
            assertTrue(asked.log().contains("as if compiled"), asked.log());
            assertEquals("", quiet.log());
        }
    }

    // ---- who shares it ------------------------------------------------------------------------------------------------

    @Test
    void givenSiblings_whenOpened_thenNoModuleIsLoadedTwiceAndEachOutlivesTheOther() {
        Backend first = TestGpu.open();
        long modules = EmulatedDriver.count(Counter.MODULES);
        Backend second = first.sibling().orElseThrow();
        Backend third = second.sibling().orElseThrow();
        assertEquals(modules, EmulatedDriver.count(Counter.MODULES));
        assertEquals(first.info(), third.info());
        first.close();
        third.close();
        assertEquals(modules, EmulatedDriver.count(Counter.MODULES), "one still works with them");
        try (DeviceBuffer x = second.allocate(2)) {
            second.write(new float[] {-1, 2}, x);
            assertArrayEquals(new float[] {0, 2}, relu(second, x));
        }
        second.close();
        assertEquals(0, EmulatedDriver.count(Counter.MODULES));
    }

    @Test
    void givenASiblingThatCannotBeOpened_whenItFails_thenTheFirstKeepsItsModules() {
        try (CudaBackend first = TestGpu.open(); DeviceMemory memory = new DeviceMemory(first)) {
            EmulatedDriver.set(Setting.FAIL_ALLOCATION, 1);
            assertThrows(DeviceException.class, first::sibling);
            assertArrayEquals(new float[] {0, 2}, relu(first, memory.holding(-1, 2)));
        }
    }

    /** The room that a kernel's blocks may have is the kernel's, and so all its users'. */
    @Test
    void givenASmallNetworkPreparedAfterALargeOne_whenTheLargeOneRuns_thenItStillMay() {
        try (CudaBackend backend = TestGpu.open(); Backend sibling = backend.sibling().orElseThrow();
             DeviceMemory memory = new DeviceMemory(backend); DeviceMemory other = new DeviceMemory(sibling);
             NoisyClassifier large = backend.noisyClassifier(layers(memory, 784));
             NoisyClassifier small = backend.noisyClassifier(layers(memory, 3));
             NoisyClassifier smaller = sibling.noisyClassifier(layers(other, 2))) {
            DeviceBuffer counts = memory.holding(new int[2]);
            NoiseKey key = new NoiseKey(1, NoiseKey.Stream.SELECTION);
            large.countVotes(memory.zeros(784), new int[] {0}, 0.5f, key, 0, 5, counts);
            small.countVotes(memory.zeros(3), new int[] {0}, 0.5f, key, 0, 5, counts);
            int[] votes = new int[2];
            backend.read(counts, votes);
            assertEquals(10, votes[0] + votes[1]);
        }
    }

    private static List<Affine> layers(DeviceMemory memory, int inputs) {
        return List.of(new Affine(memory.zeros(2L * inputs), memory.holding(1, 0), inputs, 2));
    }
}

package dev.bulwark.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.cuda.MachineCode.Instruction;
import dev.bulwark.device.cuda.MachineCode.Kernel;
import dev.bulwark.device.cuda.MachineCode.Operation;
import dev.bulwark.device.cuda.MachineCode.Rounding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The machine code that is checked in: it rounds as the PTX says, uses tensor cores where it should, and keeps to registers.
 */
class MachineCodeTest {

    private static final Path FOLDER = Path.of("cuda", "cubin");
    /** Sources whose kernels' results are certified. */
    private static final Set<String> BOUNDS = Set.of("outward_intervals", "relu_relaxation", "linear_relaxation",
            "patches");
    private static final int REGISTERS_OF_A_BLOCK = 65_536;
    /** What kernels that declare no bound are launched with. */
    private static final int USUAL_THREADS = 256;

    static List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    /** A cubin's kernels, and the text of each in the PTX that it was made from. */
    private record Code(String source, String machine, Map<String, Kernel> kernels, Map<String, String> ptx) {

        static Code read(String file) throws IOException {
            String[] parts = file.split("\\.");
            return new Code(parts[0], parts[1], MachineCode.read(FOLDER.resolve(file)).kernels(),
                    bodies(KernelSourcesTest.ptx(parts[0])));
        }

        private static Map<String, String> bodies(String text) {
            Map<String, String> bodies = new HashMap<>();
            for (String entry : text.split("(?m)^\\.visible \\.entry ")) {
                bodies.put(entry.substring(0, Math.max(0, entry.indexOf('('))), entry);
            }
            return bodies;
        }

        boolean ptxHas(String kernel, String pattern) {
            return Pattern.compile(pattern).matcher(ptx.get(kernel)).find();
        }
    }

    // ---- the reader ---------------------------------------------------------------------------------------------------

    private static Kernel compiled(String operation, String machine) {
        PtxCompiler.Compiled compiled = PtxCompiler.compile("""
                .version 7.8
                .target sm_80
                .address_size 64
                .visible .entry k(.param .u64 p)
                {
                .reg .f32 %%x<4>;
                .reg .u64 %%p<4>;
                .local .align 4 .b8 local[64];
                ld.param.u64 %%p0, [p];
                cvta.to.global.u64 %%p0, %%p0;
                ld.global.u64 %%p2, [%%p0];
                ld.global.f32 %%x0, [%%p0 + 16];
                ld.global.f32 %%x1, [%%p0 + 20];
                ld.global.f32 %%x2, [%%p0 + 24];
                %s
                st.global.f32 [%%p0 + 28], %%x3;
                ret;
                }
                """.formatted(operation), machine);
        assertTrue(compiled.cubin().length > 0, compiled.log());
        return MachineCode.of(compiled.cubin()).kernels().get("k");
    }

    @ParameterizedTest
    @CsvSource({"fma.rn, FFMA, NEAREST", "fma.rm, FFMA, DOWN", "fma.rp, FFMA, UP", "fma.rz, FFMA, ZERO",
        "add.rn, FADD, NEAREST", "add.rm, FADD, DOWN", "add.rp, FADD, UP", "mul.rm, FMUL, DOWN", "mul.rp, FMUL, UP"})
    void givenAKnownOperation_whenRead_thenItsRoundingIs(String ptx, Operation operation, Rounding rounding) {
        String operands = " %x3, %x0, %x1" + (operation == Operation.FFMA ? ", %x2;" : ";");
        for (String machine : List.of("sm_80", "sm_86", "sm_89", "sm_90")) {
            for (boolean flushes : new boolean[] {false, true}) {
                Map<Instruction, Integer> counts =
                        compiled(ptx + (flushes ? ".ftz" : "") + ".f32" + operands, machine).counts();
                assertEquals(Map.of(new Instruction(operation, rounding, flushes), 1), counts, machine);
            }
        }
    }

    @Test
    void givenLocalMemory_whenRead_thenItIsFound() {
        Kernel kernel = compiled("""
                mov.u64 %p1, local;
                add.u64 %p2, %p1, %p2;
                st.local.f32 [%p2], %x0;
                ld.local.f32 %x3, [local + 8];
                """, "sm_80");
        assertTrue(kernel.count(Operation.LDL) > 0 && kernel.count(Operation.STL) > 0, kernel::toString);
        assertTrue(kernel.registers() > 0 && kernel.registers() < 255, kernel::toString);
    }

    // ---- what is checked in -------------------------------------------------------------------------------------------

    @Test
    void givenASource_whenMachineCodeIsListed_thenThereIsSomeForEveryArchitecture() throws IOException {
        List<String> wanted = new ArrayList<>();
        for (String source : KernelSourcesTest.names()) {
            boolean portable = KernelSourcesTest.architecture(source).equals("compute_80");
            for (String machine : portable ? List.of("80", "86", "89", "90", "100", "120") : List.of("90a")) {
                wanted.add(source + ".sm_" + machine + ".cubin.gz");
            }
        }
        assertEquals(wanted.stream().sorted().toList(), files());
    }

    @ParameterizedTest
    @MethodSource("files")
    void givenMachineCode_whenRead_thenEveryKernelKeepsToRegistersAndMayBeLaunched(String file) throws IOException {
        Code code = Code.read(file);
        assertEquals(KernelSourcesTest.kernels(code.source),
                code.kernels.keySet());
        Set<String> spillers = PtxCompilerTest.spillers();
        code.kernels.forEach((name, kernel) -> {
            if (!spillers.contains(name)) {
                assertEquals(0, kernel.count(Operation.LDL) + kernel.count(Operation.STL), name + ": local memory");
            }
            Matcher threads = Pattern.compile("\\.maxntid (\\d+)").matcher(code.ptx.get(name));
            int most = threads.find() ? Integer.parseInt(threads.group(1)) : USUAL_THREADS;
            assertTrue(kernel.registers() * most <= REGISTERS_OF_A_BLOCK, name + ": " + kernel.registers() + " registers");
        });
    }

    /** Where the PTX has a warp or a warpgroup multiply matrices, the machine code has tensor cores do so. */
    @ParameterizedTest
    @MethodSource("files")
    void givenMatrixProductsInThePtx_whenRead_thenTheyAreOnTensorCores(String file) throws IOException {
        Code code = Code.read(file);
        code.kernels.forEach((name, kernel) -> {
            assertEquals(code.ptxHas(name, "\\bmma\\.sync"), kernel.count(Operation.HMMA) > 0, name);
            assertEquals(code.ptxHas(name, "\\bwgmma\\.mma_async"), kernel.count(Operation.HGMMA) > 0, name);
        });
        if (code.source.startsWith("smoothing_")) {
            assertTrue(code.kernels.values().stream()
                    .anyMatch(kernel -> kernel.count(Operation.HMMA) + kernel.count(Operation.HGMMA) > 0), file);
        }
    }

    static List<String> boundFiles() throws IOException {
        return files().stream().filter(file -> BOUNDS.contains(file.split("\\.")[0])).toList();
    }

    /** Flushing, as --use_fast_math brings it, or a rounding to nearest in a direction's place would make bounds wrong. */
    @ParameterizedTest
    @MethodSource("boundFiles")
    void givenKernelsOfBounds_whenRead_thenTheyRoundAsThePtxSaysAndFlushNothing(String file) throws IOException {
        Code code = Code.read(file);
        code.kernels.forEach((name, kernel) -> {
            assertEquals(0, kernel.count(instruction -> instruction.operation().isFloat() && instruction.flushes()), name);
            assertEquals(code.ptxHas(name, "\\.rm\\.f32"), kernel.count(each -> each.isDirected(Rounding.DOWN)) > 0, name);
            assertEquals(code.ptxHas(name, "\\.rp\\.f32"), kernel.count(each -> each.isDirected(Rounding.UP)) > 0, name);
        });
        assertTrue(code.kernels.values().stream().anyMatch(kernel -> kernel.count(
                each -> each.isDirected(Rounding.DOWN) || each.isDirected(Rounding.UP)) > 0));
    }

    @ParameterizedTest
    @MethodSource("boundFiles")
    void givenBoxesThroughAMatrix_whenRead_thenEveryProductIsDirectedAndAsManyUpAsDown(String file) throws IOException {
        Code code = Code.read(file);
        code.kernels.forEach((name, kernel) -> {
            if (name.startsWith("outward_affine_")) {
                int down = kernel.count(each -> each.operation() == Operation.FFMA && each.isDirected(Rounding.DOWN));
                assertTrue(down > 0, name);
                assertEquals(down, kernel.count(each -> each.operation() == Operation.FFMA && each.isDirected(Rounding.UP)));
                assertEquals(2 * down, kernel.count(each -> each.operation().isFloat()), name);
            }
        });
    }
}

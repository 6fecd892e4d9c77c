package dev.bulwark.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/**
 * Reads machine code as far as tests ask about it: which of some instructions each kernel has.
 *
 * <p>A cubin is an ELF file whose sections {@code .text.KERNEL} hold the code. From Volta on an instruction has 128 bits:
 * what it does is in the lowest nine, and the rounding and flushing of a float operation in bits 78 to 80. That is not in
 * NVIDIA's manuals; {@link MachineCodeTest} has known PTX compiled to see that it is so.
 */
record MachineCode(Map<String, Kernel> kernels) {

    /** What an instruction does, by its lowest nine bits. */
    enum Operation {
        FMUL(0x020),
        FADD(0x021),
        FFMA(0x023),
        /** From one kind of float to another. */
        F2F(0x110),
        /** A product of matrices by a warp. */
        HMMA(0x03C),
        /** A product of matrices by a warpgroup. */
        HGMMA(0x1F0),
        /** From local memory, where registers go that there is no room for. */
        LDL(0x183),
        STL(0x187);

        private final int code;

        Operation(int code) {
            this.code = code;
        }

        boolean isFloat() {
            return this == FMUL || this == FADD || this == FFMA;
        }
    }

    /** In the order of their codes. */
    enum Rounding {
        NEAREST, DOWN, UP, ZERO
    }

    /** Of other operations than those in float, rounding and flushing mean nothing. */
    record Instruction(Operation operation, Rounding rounding, boolean flushes) {

        boolean isDirected(Rounding direction) {
            return (operation.isFloat() || operation == Operation.F2F) && rounding == direction;
        }
    }

    /** @param registers of a thread */
    record Kernel(int registers, Map<Instruction, Integer> counts) {

        /** Instructions of these kinds. */
        int count(Predicate<Instruction> kind) {
            return counts.entrySet().stream().filter(entry -> kind.test(entry.getKey())).mapToInt(Map.Entry::getValue).sum();
        }

        int count(Operation operation) {
            return count(instruction -> instruction.operation == operation);
        }
    }

    private static final int SECTION_BYTES = 64;
    private static final int INSTRUCTION_BYTES = 16;
    private static final String CODE = ".text.";
    private static final Map<Integer, Operation> BY_CODE =
            Arrays.stream(Operation.values()).collect(Collectors.toMap(operation -> operation.code, operation -> operation));

    /** What scripts/build-kernels leaves in {@code cuda/cubin}. */
    static MachineCode read(Path file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            return of(in.readAllBytes());
        }
    }

    static MachineCode of(byte[] cubin) {
        ByteBuffer elf = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
        int sections = (int) elf.getLong(40);
        int count = elf.getShort(60);
        int names = (int) elf.getLong(sections + SECTION_BYTES * elf.getShort(62) + 24);
        Map<String, Kernel> kernels = new TreeMap<>();
        for (int i = 0; i < count; ++i) {
            int section = sections + SECTION_BYTES * i;
            String name = text(elf, names + elf.getInt(section));
            if (name.startsWith(CODE)) {
                int registers = elf.getInt(section + 44) >>> 24;
                kernels.put(name.substring(CODE.length()), new Kernel(registers,
                        counts(elf.slice((int) elf.getLong(section + 24), (int) elf.getLong(section + 32)))));
            }
        }
        return new MachineCode(kernels);
    }

    private static String text(ByteBuffer elf, int from) {
        int length = 0;
        while (elf.get(from + length) != 0) {
            ++length;
        }
        return new String(elf.array(), from, length, StandardCharsets.US_ASCII);
    }

    private static Map<Instruction, Integer> counts(ByteBuffer code) {
        Map<Instruction, Integer> counts = new HashMap<>();
        code.order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at + INSTRUCTION_BYTES <= code.limit(); at += INSTRUCTION_BYTES) {
            Operation operation = BY_CODE.get((int) (code.getLong(at) & 0x1FF));
            long upper = code.getLong(at + Long.BYTES);
            if (operation != null) {
                counts.merge(new Instruction(operation, Rounding.values()[(int) (upper >>> 14 & 3)],
                        (upper >>> 16 & 1) != 0), 1, Integer::sum);
            }
        }
        return counts;
    }
}

package dev.bulwark.device.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * The kernels of one source of {@code cuda/} in one form, as a resource of the jar: machine code for an architecture, or
 * PTX, which a driver compiles for its GPU.
 *
 * @param source       the source's name without {@code .cu}
 * @param architecture the PTX that the kernels are, or were made from: {@code compute_80}
 * @param machine      what machine code is for, as in {@code sm_86}; empty for PTX
 */
record KernelImage(String source, String architecture, String machine) {

    /** What all sources are compiled for that every GPU can run. */
    private static final String PORTABLE_PTX = "compute_80";
    /** What sources are compiled for whose instructions only Hopper has, compute capability 9.0. */
    private static final String HOPPER_PTX = "compute_90a";
    private static final String HOPPER_MACHINE = "sm_90a";
    private static final int HOPPER = 90;
    /** Code for one of these also runs on later GPUs of the same major compute capability. */
    private static final List<Integer> MACHINES = List.of(120, 100, 90, 89, 86, 80);
    /** What scripts/build-kernels adds to machine code. */
    private static final Pattern ORIGIN = Pattern.compile("// ptxas ((\\d+)\\.\\S+) .*\n$");
    private static final Pattern ENTRY = Pattern.compile("^\\.visible \\.entry (\\w+)\\(", Pattern.MULTILINE);
    private static final int ORIGIN_BYTES = 200;
    /** So machine code is kept; scripts/bundle, which packs better, unpacks it. */
    private static final String GZIPPED = ".gz";

    /** The images that a GPU of this compute capability, times ten, may take; the best first. */
    static List<KernelImage> of(String source, int capability) {
        KernelImage portable = new KernelImage(source, PORTABLE_PTX, "");
        KernelImage hopper = new KernelImage(source, HOPPER_PTX, "");
        List<KernelImage> images = new ArrayList<>();
        if (portable.exists()) {
            MACHINES.stream().filter(machine -> machine / 10 == capability / 10 && machine <= capability).findFirst()
                    .ifPresent(machine -> images.add(new KernelImage(source, PORTABLE_PTX, "sm_" + machine)));
            images.add(portable);
        } else if (!hopper.exists()) {
            throw new IllegalStateException("the jar lacks " + portable.resource()
                    + ": run scripts/build-kernels and build again");
        } else if (capability == HOPPER) {
            images.add(new KernelImage(source, HOPPER_PTX, HOPPER_MACHINE));
            images.add(hopper);
        }
        return images.stream().filter(KernelImage::exists).toList();
    }

    boolean isMachineCode() {
        return !machine.isEmpty();
    }

    private boolean exists() {
        return isThere(resource()) || isMachineCode() && isThere(resource() + GZIPPED);
    }

    private static boolean isThere(String resource) {
        return KernelImage.class.getResource(resource) != null;
    }

    private String resource() {
        return isMachineCode() ? source + "." + machine + ".cubin" : source + "." + architecture + ".ptx";
    }

    /** As the driver takes it. */
    byte[] content() {
        if (!isMachineCode()) {
            byte[] text = read(resource());
            return Arrays.copyOf(text, text.length + 1); // the driver wants a final zero
        }
        return isThere(resource()) ? read(resource()) : read(resource() + GZIPPED);
    }

    private static byte[] read(String resource) {
        try (InputStream in = KernelImage.class.getResourceAsStream(resource)) {
            return (resource.endsWith(GZIPPED) ? new GZIPInputStream(in) : in).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names of the kernels, as the PTX has them. */
    List<String> kernels() {
        String ptx = new String(new KernelImage(source, architecture, "").content(), StandardCharsets.US_ASCII);
        return ENTRY.matcher(ptx).results().map(entry -> entry.group(1)).sorted().toList();
    }

    /** The ptxas that made machine code. */
    static Optional<Assembler> assembler(byte[] content) {
        int from = Math.max(0, content.length - ORIGIN_BYTES);
        String end = new String(content, from, content.length - from, StandardCharsets.ISO_8859_1);
        Matcher origin = ORIGIN.matcher(end);
        return origin.find() ? Optional.of(new Assembler(origin.group(1), Integer.parseInt(origin.group(2))))
                : Optional.empty();
    }

    /**
     * A ptxas. NVIDIA promises of its machine code that drivers take it from that CUDA release's major version on.
     *
     * @param version as in {@code 13.0.88}
     */
    record Assembler(String version, int major) {

        /** @param driver the driver's CUDA version, for example 12060 */
        boolean isFor(int driver) {
            return driver / 1000 >= major;
        }
    }
}

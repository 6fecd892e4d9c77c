package dev.bulwark.device;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a backend runs on, as it stands in a run's provenance.
 *
 * @param kind      {@link #CPU} or {@link #GPU}
 * @param name      the processor's or the GPU's own name
 * @param workers   threads, or multiprocessors
 * @param libraries what does which part of the work, for example {@code products=oneDNN 3.11}
 */
public record DeviceInfo(String kind, String name, int workers, Map<String, String> libraries) {

    /** The kind of processors. */
    public static final String CPU = "cpu";
    /** The kind of GPUs. */
    public static final String GPU = "cuda";
    /** Names what computes matrix products, and in which precision, among the libraries. */
    public static final String PRODUCTS = "products";
    /** Names what counts noisy votes, by its precision. */
    public static final String NOISY_PASSES = "noisy forward passes";
    /**
     * Names what takes networks whole that are chains of convolutions and dense layers, for noisy passes at least; there
     * where something does.
     */
    public static final String CHAINS = "convolutional networks";
    /** Names what takes the gradients of such networks, where that is something else. */
    public static final String CHAIN_GRADIENTS = "gradients of convolutional networks";
    /** Names the driver's version among the libraries. */
    public static final String DRIVER = "driver";
    /** Names the way in which a GPU counts noisy votes in half precision. */
    public static final String NOISY_KERNELS = "noisy kernels";
    /** Names the machine code that a GPU's kernels were loaded from among the libraries, or why the driver compiled them. */
    public static final String MACHINE_CODE = "machine code";
    /** How the entry of a library begins that does nothing here; why follows. */
    public static final String NOT_USED = "not used: ";

    public DeviceInfo {
        libraries = Map.copyOf(libraries);
    }

    /** Whether it is a GPU. */
    public boolean onGpu() {
        return kind.equals(GPU);
    }

    /**
     * What results depend on: devices of the same kind and arithmetic give the same rows. A driver's version says nothing
     * of them, since the kernels that it translates fix every rounding, as does machine code made of them; nor do the ways
     * of counting noisy votes that round alike, and the one that doesn't is part of the noisy forward passes' own entry.
     */
    public SortedMap<String, String> arithmetic() {
        SortedMap<String, String> arithmetic = new TreeMap<>(libraries);
        arithmetic.remove(DRIVER);
        arithmetic.remove(NOISY_KERNELS);
        arithmetic.remove(MACHINE_CODE);
        arithmetic.values().removeIf(how -> how.startsWith(NOT_USED));
        return arithmetic;
    }
}

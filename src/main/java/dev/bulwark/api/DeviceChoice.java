package dev.bulwark.api;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Which hardware is to do the work.
 *
 * @param kind of hardware
 * @param gpus numbers of the GPUs, of {@link Kind#CUDA} alone; empty for all that can be used
 */
public record DeviceChoice(Kind kind, List<Integer> gpus) {

    /** Kinds of hardware. */
    public enum Kind {
        /** The GPUs where there are any that can be used, else the CPU; what was opened says why. */
        AUTO,
        CPU,
        CUDA
    }

    private static final String PREFIX = "cuda:";
    private static final Pattern NUMBERED = Pattern.compile(PREFIX + "\\d{1,4}(,\\d{1,4})*");

    /** @throws IllegalArgumentException if a GPU is named twice, or no GPU can be meant */
    public DeviceChoice {
        gpus = List.copyOf(gpus);
        if (kind != Kind.CUDA && !gpus.isEmpty()) {
            throw new IllegalArgumentException(kind + " has no numbers of GPUs: " + gpus);
        }
        if (gpus.stream().distinct().count() < gpus.size()) {
            throw new IllegalArgumentException("a GPU is named twice: " + text(kind, gpus));
        }
    }

    /** @throws IllegalArgumentException if it is none of {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:0,1} */
    public static DeviceChoice parse(String text) {
        if (NUMBERED.matcher(text).matches()) {
            return new DeviceChoice(Kind.CUDA,
                    Arrays.stream(text.substring(PREFIX.length()).split(",")).map(Integer::valueOf).toList());
        }
        return Arrays.stream(Kind.values()).map(kind -> new DeviceChoice(kind, List.of()))
                .filter(choice -> choice.toString().equals(text)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "a device is auto, cpu, cuda, or GPUs as in cuda:0 or cuda:0,1, not " + text));
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return text(kind, gpus);
    }

    private static String text(Kind kind, List<Integer> gpus) {
        String numbers = gpus.stream().map(String::valueOf).collect(Collectors.joining(","));
        return switch (kind) {
            case AUTO -> "auto";
            case CPU -> "cpu";
            case CUDA -> gpus.isEmpty() ? "cuda" : PREFIX + numbers;
        };
    }
}

package dev.bulwark.device;

import java.util.Map;

/**
 * What a backend runs on, as it stands in a run's provenance.
 *
 * @param kind      {@code cpu} or {@code cuda}
 * @param name      the processor's or the GPU's own name
 * @param workers   threads, or multiprocessors
 * @param libraries what does which part of the work, for example {@code product=oneDNN 3.11}
 */
public record DeviceInfo(String kind, String name, int workers, Map<String, String> libraries) {

    public DeviceInfo {
        libraries = Map.copyOf(libraries);
    }
}

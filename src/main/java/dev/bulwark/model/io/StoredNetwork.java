package dev.bulwark.model.io;

import dev.bulwark.model.Graph;
import java.util.Map;

/**
 * A network as a model file holds it.
 *
 * @param graph     the network, its weights exactly those stored
 * @param precision how the file stores them
 * @param metadata  provenance: recipe, seed, digest of the data, measured accuracy; empty where the file has none
 * @param sha256    digest of the whole file, in 64 lower-case hexadecimal digits
 */
public record StoredNetwork(Graph graph, Precision precision, Map<String, String> metadata, String sha256) {

    public StoredNetwork {
        metadata = Map.copyOf(metadata);
    }
}

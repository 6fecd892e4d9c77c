package dev.bulwark.model.io;

import dev.bulwark.model.Graph;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network as a model file holds it.
 *
 * @param graph      the network, its weights exactly those stored but for what {@code notes} say
 * @param precision  how the file stores them: the most precise, if some are stored otherwise
 * @param metadata   provenance: recipe, seed, digest of the data, measured accuracy; empty where the file has none
 * @param sha256     digest of the whole file, and behind it of what it keeps in files beside it, in 64 lower-case
 *                   hexadecimal digits
 * @param notes      in what the graph differs from the file, a sentence each
 * @param logitsOnly whether the file ends in a softmax, which the graph leaves out: its outputs have the file's order, and
 *                   other values
 * @param otherInFloat32 why float32 evaluations of the file may be others than float32 evaluations of the graph: "it ...";
 *                   empty where they are the same
 */
public record StoredNetwork(Graph graph, Precision precision, Map<String, String> metadata, String sha256,
        List<String> notes, boolean logitsOnly, Optional<String> otherInFloat32) {

    public StoredNetwork {
        metadata = Map.copyOf(metadata);
        notes = List.copyOf(notes);
    }

    /** A network that is the file's in every number. */
    public StoredNetwork(Graph graph, Precision precision, Map<String, String> metadata, String sha256) {
        this(graph, precision, metadata, sha256, List.of(), false, Optional.empty());
    }
}

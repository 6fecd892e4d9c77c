package dev.bulwark.results;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulwark.bounds.Method;
import dev.bulwark.data.Norm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a trade-off has left in its folder: the bounds of networks that were trained for one epsilon and differ in the final
 * weight of the natural loss, kappa.
 *
 * @param run     the record, an empty object if there is none
 * @param byKappa rows by kappa, none of them empty
 * @param missing what could not be read, a sentence each
 */
public record TradeoffFolder(JsonNode run, double epsilon, SortedMap<Double, List<BoundsRow>> byKappa,
        List<String> missing) {

    public TradeoffFolder {
        byKappa = Collections.unmodifiableSortedMap(new TreeMap<>(byKappa));
        missing = List.copyOf(missing);
    }

    /** Whether a folder holds a trade-off. */
    public static boolean isIn(Path folder) throws IOException {
        return !new RunLayout(folder).kappas().isEmpty();
    }

    /**
     * @throws RowException       if a file of rows can't be used, there is none, or they are of several epsilons
     * @throws SoundnessException if an image is certified and misclassified
     */
    public static TradeoffFolder read(Path folder) throws IOException {
        RunLayout layout = new RunLayout(folder);
        List<String> missing = new ArrayList<>();
        JsonNode run = RunFolder.record(folder, missing);
        SortedMap<Double, List<BoundsRow>> byKappa = new TreeMap<>();
        for (double kappa : layout.kappas()) {
            Path file = layout.tradeoff(kappa);
            List<BoundsRow> bounds = RunReader.rows(file, BoundsRow.FORMAT, missing, row -> row.method() == Method.IBP
                    && row.ballNorm() == Norm.INF);
            SoundnessCheck.of(bounds, List.of(), file);
            if (!bounds.isEmpty()) {
                byKappa.put(kappa, bounds);
            }
        }
        return new TradeoffFolder(run, epsilon(folder, byKappa), byKappa, missing);
    }

    private static double epsilon(Path folder, SortedMap<Double, List<BoundsRow>> byKappa) {
        List<Double> epsilons = byKappa.values().stream().flatMap(List::stream).map(BoundsRow::epsilon).distinct().toList();
        if (epsilons.isEmpty()) {
            throw new RowException(folder, "holds no rows: expected ibp/kappa-0.25.jsonl or the like");
        }
        if (epsilons.size() > 1) {
            throw new RowException(folder.resolve("ibp"), "has rows of several epsilons, " + epsilons
                    + ": a trade-off is between networks of one");
        }
        return epsilons.get(0);
    }
}

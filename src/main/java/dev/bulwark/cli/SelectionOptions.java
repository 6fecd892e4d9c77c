package dev.bulwark.cli;

import dev.bulwark.runs.Selection;
import java.util.List;
import java.util.OptionalInt;
import picocli.CommandLine.Option;

/** Which images of the data set. */
final class SelectionOptions {

    @Option(names = "--limit", paramLabel = "N", description = "At most N images.")
    private Integer limit;

    @Option(names = "--skip", paramLabel = "K", description = "Every K-th image, from the first.")
    private Integer skip;

    @Option(names = "--indices", paramLabel = "I,J,…", split = ",", description = "These images, in this order.")
    private List<Integer> indices;

    Selection selection() {
        return orElse(Selection.all());
    }

    /** What was asked for, or {@code otherwise} if nothing was. */
    Selection orElse(Selection otherwise) {
        if (limit == null && skip == null && indices == null) {
            return otherwise;
        }
        return new Selection(indices == null ? List.of() : indices, skip == null ? 1 : skip,
                limit == null ? OptionalInt.empty() : OptionalInt.of(limit));
    }
}

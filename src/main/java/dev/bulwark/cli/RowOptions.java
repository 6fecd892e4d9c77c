package dev.bulwark.cli;

import dev.bulwark.runs.Existing;
import dev.bulwark.runs.ExperimentException;
import picocli.CommandLine.Option;

/** What to do with rows that are there already. */
final class RowOptions {

    @Option(names = "--resume", description = "Go on behind the rows that are there, which must be the same run's.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Throw away the rows that are there.")
    private boolean overwrite;

    Existing existing() {
        if (resume && overwrite) {
            throw new ExperimentException("--resume keeps the rows that --overwrite throws away: drop one");
        }
        return resume ? Existing.RESUME : overwrite ? Existing.REPLACE : Existing.REFUSE;
    }
}

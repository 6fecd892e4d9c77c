package dev.bulwark.report;

import java.util.List;
import java.util.Optional;

/**
 * What one experiment adds to the reports of its runs: figures of others beside the measured ones, and sections and
 * sentences of its own. A report is complete without any.
 */
public interface Experiment {

    /** Of rows about a user's own network. */
    Experiment NONE = new Experiment() {
    };

    /** What every output must say first of figures that were measured on a data set; most need nothing. */
    default Optional<RunScope.Warning> warning(String dataset) {
        return Optional.empty();
    }

    /** What stands beside the table with a name. */
    default Beside beside(String table) {
        return Beside.NOTHING;
    }

    /** What a run of this experiment should have had, a sentence each; the rows' own gaps are known without it. */
    default List<String> missing(Measured run) {
        return List.of();
    }

    /** What is to be said of a run. */
    default Commentary comment(Measured run) {
        return Commentary.NONE;
    }

    /**
     * Sections of a page, and a sentence for its summary.
     *
     * @param analysis behind the tables
     * @param end      before the provenance
     */
    record Commentary(List<Section> analysis, List<Section> end, Optional<String> summary) {

        static final Commentary NONE = new Commentary(List.of(), List.of(), Optional.empty());

        public Commentary {
            analysis = List.copyOf(analysis);
            end = List.copyOf(end);
        }
    }

    /**
     * @param id   names the section within the page
     * @param html its content, escaped
     */
    record Section(String id, String title, String html) {
    }
}

package dev.bulwark.report;

import dev.bulwark.results.RunFolder;
import java.util.List;
import java.util.Optional;

/**
 * A run's rows, and what was measured on them once for all outputs.
 *
 * @param table1 empty if there are no rows of smoothing
 * @param curves of table 1's sigmas, in its order
 * @param table2 empty if there are neither bounds nor attacks
 */
public record Measured(RunFolder run, RunScope scope, Optional<ResultTable> table1, List<CertifiedCurve> curves,
        Optional<ResultTable> table2) {

    public Measured {
        curves = List.copyOf(curves);
    }

    static Measured of(RunFolder run, Experiment experiment) {
        RunScope scope = RunScope.of(run.run(), experiment);
        return new Measured(run, scope,
                run.smoothing().isEmpty() ? Optional.empty()
                        : Optional.of(Table1.of(run.smoothing(), run.further(), scope, experiment.beside(Table1.NAME))),
                CertifiedCurve.of(run),
                run.ibp().isEmpty() ? Optional.empty()
                        : Optional.of(Table2.of(run.ibp(), scope, experiment.beside(Table2.NAME))));
    }
}

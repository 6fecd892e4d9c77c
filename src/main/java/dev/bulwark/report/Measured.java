package dev.bulwark.report;

import dev.bulwark.results.RunFolder;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A run's rows, and what was measured on them once for all outputs.
 *
 * @param table1 empty if there are no rows of smoothing
 * @param curves of table 1's sigmas, in its order
 * @param table2 empty if there are neither bounds nor attacks in the l-infinity norm
 * @param norms  tables like table 2 of balls of other norms, each of one norm
 * @param largest certified accuracy from largest epsilons, by norm
 */
public record Measured(RunFolder run, RunScope scope, Optional<ResultTable> table1, List<CertifiedCurve> curves,
        Optional<ResultTable> table2, List<ResultTable> norms, List<LargestEpsilons> largest) {

    public Measured {
        curves = List.copyOf(curves);
        norms = List.copyOf(norms);
        largest = List.copyOf(largest);
    }

    static Measured of(RunFolder run, Experiment experiment) {
        RunScope scope = RunScope.of(run.run(), experiment);
        return new Measured(run, scope,
                run.smoothing().isEmpty() ? Optional.empty()
                        : Optional.of(Table1.of(run.smoothing(), run.further(), scope, experiment.beside(Table1.NAME))),
                CertifiedCurve.of(run),
                run.ibp().isEmpty() ? Optional.empty()
                        : Optional.of(Table2.of(run.ibp(), scope, experiment.beside(Table2.NAME))),
                run.balls().norms().entrySet().stream().map(of -> Table2.of(of.getKey(), of.getValue(), scope, Beside.NOTHING,
                        of.getValue().values())).toList(),
                LargestEpsilons.of(run));
    }

    /** All tables but the first two, in the order in which they are shown. */
    List<ResultTable> further() {
        return Stream.concat(norms.stream(), largest.stream().map(one -> one.table(scope))).toList();
    }
}

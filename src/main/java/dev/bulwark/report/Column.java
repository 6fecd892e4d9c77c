package dev.bulwark.report;

import java.util.Optional;
import java.util.function.Function;

/**
 * One measured column of a table, for every format that the table is written in.
 *
 * @param key     where JSON has it, levels between slashes ({@code certified/0.25}); CSV joins them by underscores
 * @param title   what readers see
 * @param measure its figure from the rows of one sigma or epsilon; empty where the rows that it needs are missing
 * @param printed whether readers see it; programs always do
 */
public record Column<R>(String key, String title, Function<R, Optional<Share>> measure, boolean printed) {

    public Column(String key, String title, Function<R, Optional<Share>> measure) {
        this(key, title, measure, true);
    }
}

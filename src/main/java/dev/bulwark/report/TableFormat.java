package dev.bulwark.report;

import java.util.function.Function;

/**
 * The ways to write a table. Readers get one decimal, programs up to four; both are rounded the way the share says, so
 * that no format certifies more than the rows do. What is not about MNIST says so in its first line.
 */
public enum TableFormat {

    /** One line for each sigma or epsilon. */
    CSV("csv", CsvTable::write),
    MARKDOWN("md", MarkdownTable::write),
    /** A table environment that needs the booktabs package. */
    LATEX("tex", LatexTable::write),
    JSON("json", JsonTable::write),
    /** Aligned, for a terminal. */
    TEXT("txt", table -> table.text(Paint.PLAIN, Integer.MAX_VALUE));

    /** Decimals of a percentage where programs read it: with up to 10,000 images nothing is lost. */
    static final int DECIMALS = 4;

    private final String ending;
    private final Function<ResultTable, String> writer;

    TableFormat(String ending, Function<ResultTable, String> writer) {
        this.ending = ending;
        this.writer = writer;
    }

    /** The table as text that ends in a line break. */
    public String write(ResultTable table) {
        return writer.apply(table);
    }

    /** File name ending, without a dot. */
    public String ending() {
        return ending;
    }
}

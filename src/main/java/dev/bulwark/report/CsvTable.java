package dev.bulwark.report;

import dev.bulwark.results.RunLayout;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A header and one line for each sigma or epsilon; a comment line comes first where there is a warning. */
final class CsvTable {

    private CsvTable() {
    }

    static String write(ResultTable table) {
        return Stream.of(
                table.scope().warned().map(warning -> "# " + warning).stream(),
                Stream.of(header(table)),
                table.lines().stream().map(line -> line(table, line)))
                .flatMap(line -> line).collect(Collectors.joining("\n", "", "\n"));
    }

    static String header(ResultTable table) {
        return join(concat(
                Stream.of(table.definition().parameter().toString(), "images"),
                table.definition().columns().stream().map(column -> column.key().replace('/', '_')).flatMap(key -> concat(
                        Stream.of(key, key + "_lower", key + "_upper", key + "_images"),
                        names(table).map(source -> source.key() + "_" + key),
                        names(table).filter(Beside.Name::tried).map(source -> "note_on_" + source.key() + "_" + key))),
                table.definition().sampled() ? Stream.of("n", "unreachable") : Stream.empty(),
                table.lines().get(0).detail().counts().keySet().stream(),
                table.lines().get(0).detail().figures().keySet().stream()));
    }

    static String line(ResultTable table, ResultTable.Line line) {
        return join(concat(
                Stream.of(RunLayout.decimals(line.at()), Long.toString(line.images())),
                line.cells().stream().flatMap(cell -> concat(Stream.of(
                        number(cell.measured().map(share -> share.percent(TableFormat.DECIMALS))),
                        number(cell.interval().map(share -> share.lowerPercent(TableFormat.DECIMALS))),
                        number(cell.interval().map(share -> share.upperPercent(TableFormat.DECIMALS))),
                        cell.measured().map(share -> Long.toString(share.images())).orElse("")),
                        cell.stated().stream().map(stated -> number(stated.figure())),
                        IntStream.range(0, cell.stated().size())
                                .filter(s -> table.beside().sources().get(s).name().tried())
                                .mapToObj(s -> cell.stated().get(s).objection().orElse("")))),
                table.definition().sampled() ? Stream.of(
                        line.samples().isPresent() ? Long.toString(line.samples().getAsLong()) : "",
                        line.cells().stream().flatMap(cell -> cell.limit().stream()).collect(Collectors.joining(" ")))
                        : Stream.empty(),
                line.detail().counts().values().stream().map(String::valueOf),
                line.detail().figures().values().stream().map(figure -> figure.map(String::valueOf).orElse(""))));
    }

    private static Stream<Beside.Name> names(ResultTable table) {
        return table.beside().sources().stream().map(Beside.Source::name);
    }

    @SafeVarargs
    private static Stream<String> concat(Stream<String>... parts) {
        return Stream.of(parts).flatMap(part -> part);
    }

    static String join(Stream<String> cells) {
        return cells.map(CsvTable::quote).collect(Collectors.joining(","));
    }

    static String number(Optional<BigDecimal> value) {
        return value.map(BigDecimal::toPlainString).orElse("");
    }

    private static String quote(String cell) {
        return cell.matches("[^,\"\\r\\n]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }
}

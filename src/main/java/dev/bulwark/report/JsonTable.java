package dev.bulwark.report;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/** One object a table; columns nest at the slashes of their keys, and a figure that is missing is null. */
final class JsonTable {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private JsonTable() {
    }

    static String write(ResultTable table) {
        return text(tree(table));
    }

    static ObjectNode tree(ResultTable table) {
        ObjectNode root = NODES.objectNode();
        table.scope().warned().ifPresent(warning -> root.put("warning", warning));
        root.put("dataset", table.scope().dataset());
        root.put("images", table.images());
        root.set("scope", texts(table.scope().sentencesOn(table.name())));
        ArrayNode rows = root.putArray("rows");
        table.lines().forEach(line -> rows.add(row(table, line)));
        root.set("notes", texts(table.printed().notes()));
        return root;
    }

    static String text(ObjectNode root) {
        // The first field shares the first line with the brace, so that a warning stands in the first line here too.
        return root.toPrettyString().replaceFirst("\\{\\R\\s+", "{ ") + "\n";
    }

    private static ObjectNode row(ResultTable table, ResultTable.Line line) {
        ObjectNode row = NODES.objectNode();
        row.put(table.definition().parameter().toString(), line.at());
        line.samples().ifPresent(n -> row.put("n", n));
        row.put("images", line.images());
        fill(row, table, line, cell -> number(cell.measured().map(share -> share.percent(TableFormat.DECIMALS))));
        line.detail().counts().forEach(row::put);
        line.detail().figures().forEach((name, figure) -> row.put(name, figure.orElse(null)));
        fill(row.putObject("image_counts"), table, line,
                cell -> cell.measured().<JsonNode>map(share -> LongNode.valueOf(share.images())).orElse(NullNode.instance));
        fill(row.putObject("intervals"), table, line, JsonTable::interval);
        for (int s = 0; s < table.beside().sources().size(); ++s) {
            int source = s;
            fill(row.putObject(table.beside().sources().get(s).name().key()), table, line,
                    cell -> number(cell.stated().get(source).figure()));
        }
        unreachable(row, table, line);
        row.set("notes", texts(Stream.concat(line.cells().stream()
                .flatMap(cell -> cell.stated().stream()).flatMap(stated -> stated.objection().stream()),
                line.detail().remarks().stream()).toList()));
        return row;
    }

    private static void fill(ObjectNode node, ResultTable table, ResultTable.Line line,
            Function<ResultTable.Cell, JsonNode> value) {
        for (int c = 0; c < line.cells().size(); ++c) {
            JsonPointer path = JsonPointer.compile("/" + table.definition().columns().get(c).key());
            ObjectNode parent = path.head().matches() ? node : node.withObject(path.head());
            parent.set(path.last().getMatchingProperty(), value.apply(line.cells().get(c)));
        }
    }

    /** Which figures can't be anything but 0, and why; nothing where there are none. */
    private static void unreachable(ObjectNode row, ResultTable table, ResultTable.Line line) {
        for (int c = 0; c < line.cells().size(); ++c) {
            String key = table.definition().columns().get(c).key();
            line.cells().get(c).limit().ifPresent(limit -> row.withObject("/unreachable").put(key, limit));
        }
    }

    private static JsonNode interval(ResultTable.Cell cell) {
        return cell.interval().<JsonNode>map(share -> NODES.arrayNode()
                .add(share.lowerPercent(TableFormat.DECIMALS).doubleValue())
                .add(share.upperPercent(TableFormat.DECIMALS).doubleValue())).orElse(NullNode.instance);
    }

    private static JsonNode number(Optional<BigDecimal> value) {
        return value.<JsonNode>map(figure -> DoubleNode.valueOf(figure.doubleValue())).orElse(NullNode.instance);
    }

    private static ArrayNode texts(List<String> sentences) {
        ArrayNode array = NODES.arrayNode();
        sentences.forEach(array::add);
        return array;
    }
}

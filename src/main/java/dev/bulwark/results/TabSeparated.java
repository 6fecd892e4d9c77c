package dev.bulwark.results;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Rows as locuslab's certify.py and predict.py write them: a header, then cells between tabs, abstention as -1. */
final class TabSeparated<T extends Row> implements RowFormat<T> {

    private static final String ABSTAIN = "-1";
    private static final Pattern TIMEDELTA =
            Pattern.compile("(?:(\\d{1,9}) days?, )?(\\d{1,9}):([0-5]\\d):([0-5]\\d)(?:\\.(\\d{6}))?");

    private final List<String> columns;
    private final Function<T, List<String>> cells;
    private final Function<Cells, T> parse;

    TabSeparated(List<String> columns, Function<T, List<String>> cells, Function<Cells, T> parse) {
        this.columns = columns;
        this.cells = cells;
        this.parse = parse;
    }

    @Override
    public Optional<String> header() {
        return Optional.of(String.join("\t", columns));
    }

    @Override
    public boolean begins(String line, boolean torn) {
        String header = header().orElseThrow();
        return torn ? header.startsWith(line) : header.equals(line);
    }

    @Override
    public String write(T row) {
        return String.join("\t", cells.apply(row));
    }

    @Override
    public T read(String line) {
        List<String> values = List.of(line.split("\t", -1));
        if (values.size() != columns.size()) {
            throw new IllegalArgumentException("has " + values.size() + " cells, expected " + columns.size());
        }
        return parse.apply(new Cells(columns, values));
    }

    static String prediction(OptionalInt predict) {
        return predict.isPresent() ? Integer.toString(predict.getAsInt()) : ABSTAIN;
    }

    static String flag(boolean value) {
        return value ? "1" : "0";
    }

    /** Python's {@code str(timedelta)}: {@code 0:00:01.234567}, whole seconds without a fraction. */
    static String timedelta(Duration time) {
        String days = switch ((int) Math.min(2, time.toDays())) {
            case 0 -> "";
            case 1 -> "1 day, ";
            default -> time.toDays() + " days, ";
        };
        int micros = time.toNanosPart() / 1_000;
        return days + String.format("%d:%02d:%02d", time.toHoursPart(), time.toMinutesPart(), time.toSecondsPart())
                + (micros == 0 ? "" : String.format(".%06d", micros));
    }

    /** One line's cells, taken from left to right; a complaint names the column. */
    static final class Cells {

        private final Iterator<String> columns;
        private final Iterator<String> values;

        private Cells(List<String> columns, List<String> values) {
            this.columns = columns.iterator();
            this.values = values.iterator();
        }

        int integer() {
            return next("a whole number", Integer::valueOf);
        }

        OptionalInt prediction() {
            int value = integer();
            return value == -1 ? OptionalInt.empty() : OptionalInt.of(value);
        }

        double real() {
            return next("a number", Double::valueOf);
        }

        Duration timedelta() {
            return next("a time like 0:00:01.234567", Cells::parseTimedelta);
        }

        /** Takes the {@code correct} column, which says again what label and prediction say. */
        <R extends Row> R checkCorrect(R row, int stated, boolean correct) {
            if (stated != (correct ? 1 : 0)) {
                throw new IllegalArgumentException(
                        "correct is " + stated + ", which label and predict contradict at index " + row.index());
            }
            return row;
        }

        private <V> V next(String kind, Function<String, V> parse) {
            String column = columns.next();
            String value = values.next();
            try {
                return parse.apply(value);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(column + " is \"" + value + "\", not " + kind, e);
            }
        }

        private static Duration parseTimedelta(String text) {
            Matcher parts = TIMEDELTA.matcher(text);
            if (!parts.matches()) {
                throw new IllegalArgumentException(text);
            }
            return Duration.ofDays(number(parts.group(1)))
                    .plusHours(number(parts.group(2)))
                    .plusMinutes(number(parts.group(3)))
                    .plusSeconds(number(parts.group(4)))
                    .plus(number(parts.group(5)), ChronoUnit.MICROS);
        }

        private static long number(String digits) {
            return digits == null ? 0 : Long.parseLong(digits);
        }
    }
}

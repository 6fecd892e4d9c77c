package dev.bulwark.results;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalInt;

/**
 * One line of locuslab's certify.py: {@code idx label predict radius correct time}.
 *
 * @param predict the certified class; empty where the smoothed classifier abstains
 * @param radius  certified L2 radius in input units, rounded down to six decimals here; 0 where it abstains
 * @param time    what the certificate took, cut to microseconds here
 */
public record SmoothingRow(int index, int label, OptionalInt predict, double radius, Duration time) implements Row {

    private static final int DECIMALS = 6;

    public static final RowFormat<SmoothingRow> FORMAT = new TabSeparated<>(
            List.of("idx", "label", "predict", "radius", "correct", "time"),
            row -> List.of(Integer.toString(row.index), Integer.toString(row.label), TabSeparated.prediction(row.predict),
                    printed(row.radius), TabSeparated.flag(row.correct()), TabSeparated.timedelta(row.time)),
            SmoothingRow::read);

    public SmoothingRow {
        Require.notNegative("index", index);
        Require.notNegative("label", label);
        Require.classOf("predict", predict);
        Require.finiteNotNegative("radius", radius);
        Require.that(predict.isPresent() || radius == 0, "an abstention has no radius, but it is " + radius);
        Require.that(!time.isNegative(), "time must not be negative: " + time);
        radius = roundDown(radius).doubleValue();
        time = time.truncatedTo(ChronoUnit.MICROS);
    }

    public static SmoothingRow certified(int index, int label, int predict, double radius, Duration time) {
        return new SmoothingRow(index, label, OptionalInt.of(predict), radius, time);
    }

    public static SmoothingRow abstained(int index, int label, Duration time) {
        return new SmoothingRow(index, label, OptionalInt.empty(), 0, time);
    }

    /** Whether a class was certified and is the true one. */
    public boolean correct() {
        return predict.equals(OptionalInt.of(label));
    }

    /** Whether the true class is certified throughout the ball of radius {@code r}. */
    public boolean certifiedAt(double r) {
        return correct() && radius >= r;
    }

    /**
     * Starts from the shortest decimal that reads back as {@code radius}, not from its exact binary value: otherwise a
     * radius would shrink by a digit each time it is read and written.
     */
    public static BigDecimal roundDown(double radius) {
        return BigDecimal.valueOf(radius).setScale(DECIMALS, RoundingMode.DOWN);
    }

    /** At most six decimals, never above {@code radius} when read back as a double, never in exponent notation. */
    public static String printed(double radius) {
        BigDecimal down = roundDown(radius).stripTrailingZeros();
        return down.setScale(Math.max(1, down.scale()), RoundingMode.UNNECESSARY).toPlainString();
    }

    private static SmoothingRow read(TabSeparated.Cells cells) {
        int index = cells.integer();
        int label = cells.integer();
        OptionalInt predict = cells.prediction();
        double radius = cells.real();
        int correct = cells.integer();
        SmoothingRow row = new SmoothingRow(index, label, predict, radius, cells.timedelta());
        return cells.checkCorrect(row, correct, row.correct());
    }
}

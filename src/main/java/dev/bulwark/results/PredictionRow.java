package dev.bulwark.results;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.OptionalInt;

/**
 * One line of locuslab's predict.py: {@code idx label predict correct time}.
 *
 * @param predict the smoothed classifier's class; empty where it abstains
 * @param time    what the prediction took, cut to microseconds here
 */
public record PredictionRow(int index, int label, OptionalInt predict, Duration time) implements Row {

    public static final RowFormat<PredictionRow> FORMAT = new TabSeparated<>(
            List.of("idx", "label", "predict", "correct", "time"),
            row -> List.of(Integer.toString(row.index), Integer.toString(row.label), TabSeparated.prediction(row.predict),
                    TabSeparated.flag(row.correct()), TabSeparated.timedelta(row.time)),
            PredictionRow::read);

    public PredictionRow {
        Require.notNegative("index", index);
        Require.notNegative("label", label);
        Require.classOf("predict", predict);
        Require.that(!time.isNegative(), "time must not be negative: " + time);
        time = time.truncatedTo(ChronoUnit.MICROS);
    }

    /** Whether a class was predicted and is the true one. */
    public boolean correct() {
        return predict.equals(OptionalInt.of(label));
    }

    private static PredictionRow read(TabSeparated.Cells cells) {
        int index = cells.integer();
        int label = cells.integer();
        OptionalInt predict = cells.prediction();
        int correct = cells.integer();
        PredictionRow row = new PredictionRow(index, label, predict, cells.timedelta());
        return cells.checkCorrect(row, correct, row.correct());
    }
}

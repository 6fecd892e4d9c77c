package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.results.AttackRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.Gallery.Reason;
import dev.bulwark.results.SmoothingRow;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ExhibitsTest {

    @Test
    void givenEveryKindOfRow_whenChosen_thenTheExtremesAndEachImageOnce() {
        SortedMap<Double, List<SmoothingRow>> rows = new TreeMap<>();
        rows.put(0.25, List.of(row(0, 3, 3, 0.5), row(1, 3, 3, 0.7), row(2, 3, 3, 0.7), abstained(3), row(4, 3, 8, 0.1),
                row(5, 3, 8, 0.2), row(6, 3, 3, 0.1)));
        rows.put(0.5, List.of(row(1, 3, 3, 1.4), row(2, 3, 3, 1.3), abstained(3), row(5, 3, 8, 0.2)));
        assertEquals(List.of(
                new Exhibits.Exhibit(1, Reason.LARGEST_RADIUS, 0.25), new Exhibits.Exhibit(2, Reason.LARGEST_RADIUS, 0.5),
                new Exhibits.Exhibit(6, Reason.SMALLEST_RADIUS, 0.25),
                new Exhibits.Exhibit(3, Reason.ABSTAINED, 0.25),
                new Exhibits.Exhibit(5, Reason.MISCLASSIFIED, 0.25)), Exhibits.smoothed(rows));
    }

    @Test
    void givenBrokenImages_whenChosen_thenDifferentLabelsFirstAndNoneThatWasWrongAnyway() {
        List<AttackRow> rows = List.of(attack(0, 7, 7, false), attack(1, 7, 7, true), attack(2, 7, 7, true),
                attack(3, 4, 2, true), attack(4, 1, 1, true), attack(5, 0, 0, true));
        assertEquals(List.of(1, 4, 5), Exhibits.attacked(rows, 3).stream().map(AttackRow::index).toList());
        assertEquals(List.of(1, 4, 5, 2), Exhibits.attacked(rows, 9).stream().map(AttackRow::index).toList());
    }

    private static SmoothingRow row(int index, int label, int predict, double radius) {
        return SmoothingRow.certified(index, label, predict, radius, Duration.ZERO);
    }

    private static SmoothingRow abstained(int index) {
        return SmoothingRow.abstained(index, 3, Duration.ZERO);
    }

    private static AttackRow attack(int index, int label, int clean, boolean broken) {
        CleanPrediction seen = new CleanPrediction(index, label, clean);
        return broken ? AttackRow.broken(seen, 9, 0.1, Optional.empty()) : AttackRow.stands(seen, label);
    }
}

package dev.bulwark.runs;

import dev.bulwark.results.AttackRow;
import dev.bulwark.results.Gallery.Reason;
import dev.bulwark.results.SmoothingRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Which images a report shows: the extremes, each once, the first of equals. Equal rows choose equal images. */
final class Exhibits {

    private static final Comparator<SmoothingRow> BY_RADIUS = Comparator.comparingDouble(SmoothingRow::radius);

    private Exhibits() {
    }

    /** An image, and why it was chosen from the rows of which sigma. */
    record Exhibit(int index, Reason reason, double sigma) {
    }

    /** For each sigma the largest and the smallest radius, an abstention, and the most certain mistake. */
    static List<Exhibit> smoothed(SortedMap<Double, List<SmoothingRow>> bySigma) {
        List<Exhibit> chosen = new ArrayList<>();
        Set<Integer> taken = new HashSet<>();
        for (Reason reason : Reason.values()) {
            bySigma.forEach((sigma, rows) -> candidates(rows, reason)
                    .filter(row -> !taken.contains(row.index())).findFirst()
                    .ifPresent(row -> {
                        taken.add(row.index());
                        chosen.add(new Exhibit(row.index(), reason, sigma));
                    }));
        }
        return chosen;
    }

    /** Images that the network had right and PGD broke: at most this number, of different labels while there are some. */
    static List<AttackRow> attacked(List<AttackRow> rows, int most) {
        Predicate<AttackRow> fell = row -> row.cleanCorrect() && row.broken();
        List<AttackRow> broken = rows.stream().filter(fell).toList();
        Set<Integer> labels = new HashSet<>();
        List<AttackRow> firstOfLabel = broken.stream().filter(row -> labels.add(row.label())).toList();
        return Stream.concat(firstOfLabel.stream(), broken.stream()).distinct().limit(most).toList();
    }

    /** Best first. */
    private static Stream<SmoothingRow> candidates(List<SmoothingRow> rows, Reason reason) {
        return switch (reason) {
            case LARGEST_RADIUS -> rows.stream().filter(SmoothingRow::correct).sorted(BY_RADIUS.reversed());
            case SMALLEST_RADIUS -> rows.stream().filter(SmoothingRow::correct).sorted(BY_RADIUS);
            case ABSTAINED -> rows.stream().filter(row -> row.predict().isEmpty());
            case MISCLASSIFIED -> rows.stream().filter(row -> row.predict().isPresent() && !row.correct())
                    .sorted(BY_RADIUS.reversed());
        };
    }
}

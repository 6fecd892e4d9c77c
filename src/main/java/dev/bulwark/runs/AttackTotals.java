package dev.bulwark.runs;

import dev.bulwark.attack.AttackEffort;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What each attack of a run took: images that stood before it, how many it broke, passes and seconds. Those of a run that goes on
 * are added to what its record has.
 */
public final class AttackTotals {

    /** Between two writes of the record: a killed run loses no more of these figures. */
    private static final double SAVE_SECONDS = 5;
    /** Where the search without gradients breaks a larger share than this of what stood, gradients are not to be trusted. */
    private static final double SUSPICIOUS = 0.002;

    /** Where they are kept. */
    private interface Keeper {
        void add(Map<String, Map<String, Number>> more) throws IOException;
    }

    private final Map<String, AttackEffort> all = new LinkedHashMap<>();
    private final Map<String, Map<String, Number>> unsaved = new LinkedHashMap<>();
    private Keeper keeper = more -> { };
    private long saved = System.nanoTime();

    /** Has a record keep them. @param place names of the fields down to them, between slashes: {@code /attacks} */
    public synchronized void keepIn(RunRecord record, String place) {
        keeper = more -> record.addFigures(place, more);
    }

    synchronized void took(List<AttackEffort> efforts) {
        for (AttackEffort effort : efforts) {
            all.merge(effort.name(), effort, AttackTotals::sum);
            Map<String, Number> figures = unsaved.computeIfAbsent(effort.name(), unused -> new LinkedHashMap<>());
            add(figures, "images", effort.images());
            add(figures, "broken", effort.broken());
            add(figures, "forward_passes", effort.forward());
            add(figures, "backward_passes", effort.backward());
            add(figures, "zero_gradients", effort.zeroGradients());
            figures.merge("seconds", effort.seconds(), (a, b) -> a.doubleValue() + b.doubleValue());
        }
    }

    private static void add(Map<String, Number> figures, String name, long count) {
        figures.merge(name, count, (a, b) -> a.longValue() + b.longValue());
    }

    private static AttackEffort sum(AttackEffort a, AttackEffort b) {
        return new AttackEffort(a.name(), a.images() + b.images(), a.broken() + b.broken(), a.forward() + b.forward(),
                a.backward() + b.backward(), a.zeroGradients() + b.zeroGradients(), a.seconds() + b.seconds());
    }

    /** What a user should know of a network whose gradients mislead attacks, as far as this start has seen. */
    synchronized List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        for (AttackEffort effort : all.values()) {
            if (effort.zeroGradients() > 0 && !effort.name().endsWith(AttackEffort.AGAIN)) {
                warnings.add(String.format(Locale.ROOT, "warning: %s had no gradient at all at a starting point of %,d of %,d images: "
                        + "where gradients are masked, a network looks more robust than it is; adversarial images that were kept of "
                                + "another network, or of this one in fp32, may break it all the same", effort.name(),
                        effort.zeroGradients(), effort.images()));
            }
            if (effort.name().equals("square") && all.size() > 1 && effort.broken() > SUSPICIOUS * effort.images()) {
                warnings.add(String.format(Locale.ROOT, "warning: square, which needs no gradients, broke %,d of %,d images that the "
                        + "attacks before it left standing: gradients may be masked, and more restarts may break more",
                        effort.broken(), effort.images()));
            }
        }
        return warnings;
    }

    /** Saves them, if that was not done just before. */
    synchronized void save() throws IOException {
        if ((System.nanoTime() - saved) / 1e9 >= SAVE_SECONDS) {
            saveNow();
        }
    }

    synchronized void saveNow() throws IOException {
        saved = System.nanoTime();
        if (!unsaved.isEmpty()) {
            keeper.add(unsaved);
            unsaved.clear();
        }
    }
}

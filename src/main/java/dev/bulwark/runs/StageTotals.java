package dev.bulwark.runs;

import dev.bulwark.bounds.Cascade;
import dev.bulwark.results.BoundsRow;
import java.io.IOException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What each stage of a cascade had to do: images, how many of them it certified and falsified, and seconds. Those of a run that
 * goes on are added to what its record has; counts are of images whose rows are written, seconds of all work.
 */
public final class StageTotals {

    /** Between two writes of the record: a killed run loses no more of these figures. */
    private static final double SAVE_SECONDS = 5;

    /** Where they are kept. */
    interface Keeper {
        /** @param more figures by name for each stage by name, to be added to those there */
        void add(Map<String, Map<String, Number>> more) throws IOException;
    }

    private final Map<Cascade.Stage, Totals> unsaved = new EnumMap<>(Cascade.Stage.class);
    private final Map<Cascade.Stage, Double> seconds = new EnumMap<>(Cascade.Stage.class);
    private Keeper keeper = more -> { };
    private long saved = System.nanoTime();

    private static final class Totals {
        private long images;
        private long certified;
        private long falsified;
        private double seconds;
    }

    /** Has a record keep them. @param place names of the fields down to them, between slashes: {@code /stages} */
    public synchronized void keepIn(RunRecord record, String place) {
        keeper = more -> record.addFigures(place, more);
    }

    /** What a stage took since this was made. */
    synchronized double seconds(Cascade.Stage stage) {
        return seconds.getOrDefault(stage, 0.0);
    }

    /** @param images of the stage whose rows are not written yet */
    synchronized void took(Cascade.Stage stage, long images, double time) {
        Totals totals = of(stage);
        totals.images += images;
        totals.seconds += time;
        seconds.merge(stage, time, Double::sum);
    }

    /** An image's row, about to be written. */
    synchronized void decided(BoundsRow row) {
        row.decidedBy().ifPresent(stage -> {
            Totals totals = of(stage);
            totals.certified += row.certified() ? 1 : 0;
            totals.falsified += row.certified() ? 0 : 1;
        });
    }

    private Totals of(Cascade.Stage stage) {
        return unsaved.computeIfAbsent(stage, unused -> new Totals());
    }

    /** Saves them, if that was not done just before. */
    synchronized void save() throws IOException {
        if ((System.nanoTime() - saved) / 1e9 >= SAVE_SECONDS) {
            saveNow();
        }
    }

    synchronized void saveNow() throws IOException {
        Map<String, Map<String, Number>> more = new LinkedHashMap<>();
        unsaved.forEach((stage, totals) -> {
            Map<String, Number> figures = new LinkedHashMap<>();
            figures.put("images", totals.images);
            figures.put("certified", totals.certified);
            figures.put("falsified", totals.falsified);
            figures.put("seconds", totals.seconds);
            more.put(stage.toString(), figures);
        });
        unsaved.clear();
        saved = System.nanoTime();
        if (!more.isEmpty()) {
            keeper.add(more);
        }
    }
}

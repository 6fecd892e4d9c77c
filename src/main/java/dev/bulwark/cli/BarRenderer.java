package dev.bulwark.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import me.tongfei.progressbar.ProgressBarRenderer;
import me.tongfei.progressbar.ProgressState;

/**
 * A line of progress that fits its terminal: what is done, how long it takes yet, and as much else as there is room for.
 * Where it is narrow the details go first, then the rate, then the bar, then the unit; the time left stays.
 */
final class BarRenderer implements ProgressBarRenderer {

    private static final int LEAST_BAR = 8;
    private static final int LARGEST_BAR = 30;
    private final String unit;
    private final Pace pace;

    /** @param pace of what the line is about */
    BarRenderer(String unit, Pace pace) {
        this.unit = unit;
        this.pace = pace;
    }

    @Override
    public String render(ProgressState progress, int width) {
        return line(progress.getTaskName(), progress.getCurrent(), progress.getMax(), pace.seconds(), pace.rate(),
                progress.getExtraMessage().strip(), width);
    }

    /**
     * The line, of at most {@code width} characters as long as those of the name's end and of the time left fit at all.
     *
     * @param seconds since the stage began
     * @param known   steps a second, where there is enough to tell; else nothing is said of the time left
     */
    String line(String name, long done, long total, double seconds, OptionalDouble known, String detail, int width) {
        double rate = known.orElse(0);
        String percent = String.format(Locale.ROOT, "%3d%%", total <= 0 ? 100 : Math.min(100, 100 * done / total));
        String left = done >= total ? clock(seconds) : rate > 0 ? clock((total - done) / rate) + " left" : "";
        String count = done + "/" + total;
        String speed = rate > 0 ? String.format(Locale.ROOT, rate < 10 ? "%.1f/s" : "%.0f/s", rate) : "";

        for (List<String> parts : List.of(List.of(percent, count + " " + unit, speed, left, detail),
                List.of(percent, count + " " + unit, speed, left), List.of(percent, count + " " + unit, left),
                List.of(percent, count, left), List.of(percent, left))) {
            String text = joined(parts);
            int room = width - name.length() - text.length() - 2;
            boolean mayStandAlone = !parts.contains(speed) || speed.isEmpty();
            if (room > LEAST_BAR) {
                return name + " " + bar(done, total, Math.min(LARGEST_BAR, room - 1)) + " " + text;
            }
            if (mayStandAlone && room >= -1) {
                return name + " " + text;
            }
        }
        String least = left.isEmpty() ? percent : left;
        int room = width - least.length() - 1;
        return room < 2 ? least : shortened(name, room) + " " + least;
    }

    private static String joined(List<String> parts) {
        List<String> there = new ArrayList<>(parts);
        there.removeIf(String::isEmpty);
        return String.join(" ", there);
    }

    private static String bar(long done, long total, int width) {
        int full = total <= 0 ? width : (int) Math.min(width, width * done / total);
        return "\u2588".repeat(full) + "\u2591".repeat(width - full);
    }

    private static String shortened(String name, int width) {
        return name.length() <= width ? name : name.substring(0, width - 1) + "\u2026";
    }

    /** {@code 0:07}, {@code 12:30}, {@code 3:05:00}. */
    static String clock(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600 ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }
}

package dev.bulwark.cli;

import dev.bulwark.report.Paragraph;
import dev.bulwark.runs.Monitor;
import java.io.PrintWriter;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Bars with rate and time left, for a terminal. */
final class ProgressBars implements Monitor {

    private final PrintWriter err;
    private final int columns;

    /** @param columns of the terminal */
    ProgressBars(PrintWriter err, int columns) {
        this.err = err;
        this.columns = columns;
    }

    @Override
    public Stage stage(String name, long total, String unit) {
        Pace pace = new Pace(total, System::nanoTime);
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName(name).setInitialMax(total)
                .setUpdateIntervalMillis(200)
                .setRenderer(new BarRenderer(unit, pace))
                .setConsumer(new ConsoleProgressBarConsumer(System.err, columns - 1))
                .build();
        return new Stage() {
            @Override
            public void advance(long steps) {
                pace.advance(steps);
                bar.stepBy(steps);
            }

            @Override
            public void found(long steps) {
                pace.found(steps);
                bar.stepBy(steps);
            }

            @Override
            public void detail(String text) {
                bar.setExtraMessage(text);
            }

            @Override
            public void close() {
                bar.close();
            }
        };
    }

    @Override
    public void note(String line) {
        err.println(Paragraph.wrapped(line, columns));
    }
}

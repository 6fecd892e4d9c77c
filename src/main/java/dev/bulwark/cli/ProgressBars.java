package dev.bulwark.cli;

import dev.bulwark.experiment.Monitor;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Bars with rate and time left, for a terminal. */
final class ProgressBars implements Monitor {

    private final PrintWriter err;

    ProgressBars(PrintWriter err) {
        this.err = err;
    }

    @Override
    public Stage stage(String name, long total, String unit) {
        ProgressBar bar = new ProgressBarBuilder()
                .setTaskName(name).setInitialMax(total).setUnit(" " + unit, 1)
                .setStyle(ProgressBarStyle.COLORFUL_UNICODE_BAR)
                .setUpdateIntervalMillis(200).setSpeedUnit(ChronoUnit.SECONDS).showSpeed()
                .setConsumer(new ConsoleProgressBarConsumer(System.err))
                .build();
        return new Stage() {
            @Override
            public void advance(long steps) {
                bar.stepBy(steps);
            }

            @Override
            public void detail(String text) {
                bar.setExtraMessage(" " + text);
            }

            @Override
            public void close() {
                bar.close();
            }
        };
    }

    @Override
    public void note(String line) {
        err.println(line);
    }
}

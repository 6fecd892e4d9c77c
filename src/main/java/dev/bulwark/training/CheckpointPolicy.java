package dev.bulwark.training;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Where and how often a run is saved. A run that finds the file goes on from it, and ends with the same bits as one that
 * was never stopped.
 *
 * @param file     replaced as a whole at each save
 * @param interval least time between two saves, which happen at the ends of epochs; zero saves after every epoch
 */
public record CheckpointPolicy(Path file, Duration interval) {

    public CheckpointPolicy {
        Checks.named("checkpoint file", file);
        if (interval.isNegative()) {
            throw new IllegalArgumentException("checkpoint interval must not be negative: " + interval);
        }
    }
}

package dev.bulwark.training;

import java.io.IOException;
import java.nio.file.Files;
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

    /**
     * Throws the checkpoint away, if there is one.
     *
     * @throws CheckpointException if the file is none, and so not this program's to delete
     */
    public void discard() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        if (!Checkpoint.isOne(file)) {
            throw new CheckpointException(file + " is in the place of a checkpoint and is none: move it away");
        }
        Files.delete(file);
    }
}

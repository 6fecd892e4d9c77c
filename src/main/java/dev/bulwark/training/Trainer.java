package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a recipe from the first epoch, or from a checkpoint, to a network. */
public final class Trainer {

    /** An epoch whose mean loss is this many times the best one's, and this many times a guess's, has exploded. */
    private static final double EXPLOSION = 10;

    private final Recipe recipe;
    private final TrainingSet data;
    private final Optional<CheckpointPolicy> checkpoints;
    private final Progress.Listener listener;
    private final List<Progress> history = new ArrayList<>();
    private long lastSave = System.nanoTime();

    private Trainer(Recipe recipe, TrainingSet data, Optional<CheckpointPolicy> checkpoints, Progress.Listener listener) {
        this.recipe = recipe;
        this.data = data;
        this.checkpoints = checkpoints;
        this.listener = listener;
    }

    /**
     * Trains without checkpoints.
     *
     * @throws DivergenceException if a loss stops being finite, or an epoch's mean loss explodes
     */
    public static Trained train(Backend backend, Recipe recipe, TrainingSet data, Progress.Listener listener) {
        return new Trainer(recipe, data, Optional.empty(), listener).run(backend);
    }

    /**
     * Trains from the checkpoint, if its file exists, and saves on the way.
     *
     * @throws DivergenceException if a loss stops being finite, or an epoch's mean loss explodes
     * @throws CheckpointException if the file is damaged, or belongs to another recipe or data
     * @throws java.io.UncheckedIOException if it can't be written
     */
    public static Trained train(Backend backend, Recipe recipe, TrainingSet data, CheckpointPolicy checkpoints,
                                Progress.Listener listener) {
        return new Trainer(recipe, data, Optional.of(checkpoints), listener).run(backend);
    }

    private Trained run(Backend backend) {
        Optional<Checkpoint> saved = checkpoints.map(CheckpointPolicy::file).filter(Files::exists)
                .map(file -> Checkpoint.read(file).requireFrom(file, recipe, data));
        try (DeviceMemory memory = new DeviceMemory(backend)) {
            TrainingRun run = new TrainingRun(backend, memory, recipe, data);
            saved.ifPresent(checkpoint -> {
                run.restore(checkpoint.stateOf(checkpoints.get().file(), run.stateLengths()));
                history.addAll(checkpoint.history());
            });
            while (history.size() < recipe.passes().epochs()) {
                Progress progress = run.epoch(history.size());
                requireNoExplosion(progress);
                history.add(progress);
                save(run);
                listener.epochDone(progress);
            }
            requireFinite(run.state());
            return new Trained(run.graph(), history);
        }
    }

    private void requireNoExplosion(Progress progress) {
        double best = history.stream().mapToDouble(done -> done.losses().total()).min().orElse(Double.POSITIVE_INFINITY);
        double guess = Math.log(data.classes());
        if (progress.losses().total() > EXPLOSION * Math.max(best, guess)) {
            throw new DivergenceException(progress.epoch().number(), progress.epoch().steps(),
                    "the epoch's mean loss is " + progress.losses().total(), progress.last().learningRate());
        }
    }

    private void save(TrainingRun run) {
        if (checkpoints.isEmpty()) {
            return;
        }
        CheckpointPolicy policy = checkpoints.get();
        boolean finished = history.size() == recipe.passes().epochs();
        if (finished || System.nanoTime() - lastSave >= policy.interval().toNanos()) {
            Map<String, float[]> state = run.state();
            requireFinite(state);
            new Checkpoint(recipe.digest(), data.digest(), history, state).write(policy.file());
            lastSave = System.nanoTime();
        }
    }

    /** A step can end in parameters that only the next step's loss would show to be lost: they must not be saved. */
    private void requireFinite(Map<String, float[]> state) {
        for (float[] tensor : state.values()) {
            for (float value : tensor) {
                if (!Float.isFinite(value)) {
                    Progress last = history.get(history.size() - 1);
                    throw new DivergenceException(last.epoch().number(), last.epoch().steps(),
                            "a parameter is " + value, last.last().learningRate());
                }
            }
        }
    }
}

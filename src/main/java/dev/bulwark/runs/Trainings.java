package dev.bulwark.runs;

import dev.bulwark.data.Dataset;
import dev.bulwark.device.Backend;
import dev.bulwark.training.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The networks of a run, each trained into a file of its own: side by side where the devices have room for that, else one
 * after the other. A network is the same, bit for bit, whatever is trained beside it.
 *
 * @param source the preset's name, for the provenance
 * @param file   where a recipe's network goes
 * @param resume whether checkpoints that are there are this run's
 */
public record Trainings(String source, Dataset training, Dataset test, Function<Recipe, Path> file,
                 boolean resume) {

    /** Told of each network that is done, by one thread at a time. */
    public interface Done {
        void network(Recipe recipe) throws IOException;
    }

    /**
     * Trains all of them. Where one fails, those beside it go on to their ends, and the failure is thrown after that.
     *
     * @param recipes of different networks
     */
    public void run(Fleet fleet, List<Recipe> recipes, Monitor monitor, Done done) throws IOException {
        Train.Images images = Train.Images.of(training, test);
        try (SideBySide lanes = new SideBySide(fleet, recipes.size())) {
            if (lanes.width() > 1) {
                together(lanes, recipes, images, monitor, done);
                return;
            }
            lanes.run(recipes, (backend, recipe) -> {
                train(backend, recipe, images, monitor);
                done.network(recipe);
            });
        }
    }

    private void together(SideBySide lanes, List<Recipe> recipes, Train.Images images, Monitor monitor, Done done)
            throws IOException {
        String name = "train " + recipes.size() + " networks, " + lanes.width() + " at a time";
        long epochs = recipes.stream().mapToLong(recipe -> recipe.passes().epochs()).sum();
        try (JointStage stage = new JointStage(monitor, name, epochs, "epochs")) {
            lanes.run(recipes, (backend, recipe) -> {
                String network = Train.title(file.apply(recipe));
                try {
                    stage.note("trained " + network + Train.words(train(backend, recipe, images, stage)));
                } catch (RuntimeException | IOException e) {
                    stage.note(network + " failed: " + e.getMessage()); // now, not when the others have ended
                    throw e;
                }
                synchronized (stage) {
                    done.network(recipe);
                }
            });
        }
    }

    private Map<String, Double> train(Backend backend, Recipe recipe, Train.Images images, Monitor monitor)
            throws IOException {
        return Train.run(backend, recipe, source, images, file.apply(recipe), resume, Train.CHECKPOINTS, monitor);
    }
}

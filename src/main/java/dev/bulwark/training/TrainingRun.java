package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.Indexing.RowCopy;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.model.Graph;
import dev.bulwark.plan.Parameters;
import dev.bulwark.plan.Plan;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A run's device side: the data, the network in training, and one recorded step for each kind of step. An epoch depends
 * on its number and on {@link #state} alone.
 */
final class TrainingRun {

    /** Steps between two readings of the losses, each of which waits for the device. */
    private static final int STRETCH = 64;

    private final Backend backend;
    private final Recipe recipe;
    private final TrainingSet data;
    private final Graph graph;
    private final Schedule schedule;
    private final NoiseKey noise;

    private final DeviceMemory memory;
    private final DeviceBuffer images;
    private final DeviceBuffer labels;
    private final DeviceBuffer order;
    /** The epoch's labels in its order. */
    private final DeviceBuffer orderedLabels;
    /** The number of the epoch's next step, which each step finds and leaves on the device. */
    private final DeviceBuffer next;
    private final DeviceBuffer batchRows;
    private final DeviceBuffer batchSamples;
    private final DeviceBuffer gathered;
    private final Optional<DeviceBuffer> maps;
    private final StepScalars scalars;
    private final LossGradient loss;
    private final ParameterUpdate update;
    private final EpochLog log;
    private final Map<StepRows, Backend.Replay> replays = new HashMap<>();

    /** @param memory owns all buffers of the run; the caller closes it */
    TrainingRun(Backend backend, DeviceMemory memory, Recipe recipe, TrainingSet data) {
        this.backend = backend;
        this.memory = memory;
        this.recipe = recipe;
        this.data = data;
        this.graph = recipe.optimisation().initialisation()
                .draw(recipe.architecture().graph(data.shape(), data.classes()), recipe.seed());
        this.schedule = new Schedule(recipe, data.count());
        this.noise = new NoiseKey(recipe.seed(), NoiseKey.Stream.AUGMENTATION);
        int batch = Math.min(recipe.passes().batch(), data.count());

        this.images = memory.holding(data.images());
        this.labels = memory.holding(data.labels());
        this.order = memory.allocate(data.count());
        this.orderedLabels = memory.allocate(data.count());
        this.next = memory.allocate(1);
        this.batchRows = memory.allocate(batch);
        this.batchSamples = memory.allocate(Math.multiplyExact((long) batch, recipe.objective().copies()));
        this.gathered = memory.allocate((long) batch * data.inputs());
        this.maps = recipe.passes().augmentation().isNone() ? Optional.empty()
                : Optional.of(memory.allocate((long) data.count() * Augmentation.MAP));

        Plan plan = memory.owning(Plan.load(backend, graph));
        Plan gradient = memory.owning(Plan.load(backend, graph));
        Objective objective = recipe.objective();
        this.scalars = new StepScalars(memory, plan, objective.adversary(), schedule.stepsPerEpoch());
        this.loss = new LossGradient(memory, plan, gradient, batch, objective, scalars);
        this.update = new ParameterUpdate(backend, memory, recipe, scalars, plan.parameters(), gradient.parameters(),
                () -> Parameters.weights(graph));
        this.log = new EpochLog(backend, memory, schedule.stepsPerEpoch(), objective.copies(), data.labels());
    }

    /** Everything that an epoch changes and the next one needs, by name. */
    Map<String, float[]> state() {
        Map<String, float[]> values = new LinkedHashMap<>();
        update.state().forEach((name, tensor) -> values.put(name, read(tensor)));
        return values;
    }

    /** How long each tensor of {@link #state} is, by name. */
    Map<String, Long> stateLengths() {
        Map<String, Long> lengths = new LinkedHashMap<>();
        update.state().forEach((name, tensor) -> lengths.put(name, tensor.length()));
        return lengths;
    }

    /** Goes back to what {@link #state} returned. */
    void restore(Map<String, float[]> values) {
        update.state().forEach((name, tensor) -> backend.write(values.get(name), tensor));
    }

    /** The network as it stands; parameters that are no longer finite throw. */
    Graph graph() {
        return Parameters.replaced(graph, read(update.result()));
    }

    /** Trains through epoch {@code epoch}, counted from 0. @throws DivergenceException if a loss is not finite */
    Progress epoch(int epoch) {
        long start = System.nanoTime();
        int[] hostOrder = Shuffle.order(recipe.seed(), epoch, data.count());
        backend.write(hostOrder, order);
        backend.write(new int[] {0}, next);
        backend.write(samples(epoch), batchSamples);
        maps.ifPresent(target -> backend.write(
                recipe.passes().augmentation().maps(recipe.seed(), epoch, data.count(), data.shape()), target));
        List<Schedule.Step> steps = schedule.epoch(epoch);
        scalars.load(steps);
        backend.indexing().gather(labels, order, data.count(), 1, orderedLabels);
        log.begin(epoch, steps);

        int seen = 0;
        for (int step = 0; step < steps.size(); ++step) {
            replays.computeIfAbsent(steps.get(step).needs(), kind -> memory.record(() -> step(kind))).run();
            if (step + 1 - seen == STRETCH || step + 1 == steps.size()) {
                log.requireFinite(seen, step + 1);
                seen = step + 1;
            }
        }
        return log.summary(recipe.passes().epochs(), hostOrder, (System.nanoTime() - start) * 1e-9);
    }

    /** Which sample of its image's noise each copy takes, {@code [copies,batch]}: none takes one twice in a run. */
    private int[] samples(int epoch) {
        int copies = recipe.objective().copies();
        int[] samples = new int[Math.toIntExact(batchSamples.length())];
        int batch = samples.length / copies;
        for (int k = 0; k < samples.length; ++k) {
            samples[k] = Math.addExact(Math.multiplyExact(epoch, copies), k / batch);
        }
        return samples;
    }

    /**
     * One step as a recordable sequence: the device knows which one it is, and what the step reads lies at fixed places, so
     * that a replay needs nothing from the host.
     */
    void step(StepRows rows) {
        long batch = recipe.passes().batch();
        backend.indexing().copyRows(next, 0, scalars.current(), new RowCopy(order, batch, batchRows, 0, rows.count()),
                new RowCopy(orderedLabels, batch, loss.labels(), 0, rows.count()));
        boolean noisy = recipe.objective().sigma() > 0;
        pick(rows.count(), noisy ? gathered : loss.images());
        if (noisy) {
            for (int copy = 0; copy < rows.copies(); ++copy) {
                addNoise(copy, rows);
            }
        }
        loss.compute(rows);
        update.apply();
        backend.indexing().copyRows(next, 1, log.notes(recipe.passes().batch(), rows, loss));
    }

    private void addNoise(int copy, StepRows rows) {
        long most = batchRows.length();
        long size = (long) rows.count() * data.inputs();
        backend.noise().addNoise(gathered, batchRows, batchSamples.slice(copy * most, most), rows.count(), data.inputs(),
                (float) recipe.objective().sigma(), noise, loss.images().slice(copy * size, size));
    }

    /** The batch's images, augmented. */
    private void pick(int count, DeviceBuffer target) {
        if (maps.isPresent()) {
            backend.indexing().resample(images, maps.get(), batchRows, count, data.shape(), target);
        } else {
            backend.indexing().gather(images, batchRows, count, data.inputs(), target);
        }
    }

    private float[] read(DeviceBuffer tensor) {
        float[] values = new float[Math.toIntExact(tensor.length())];
        backend.read(tensor, values);
        return values;
    }
}

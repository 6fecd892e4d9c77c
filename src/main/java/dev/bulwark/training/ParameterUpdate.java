package dev.bulwark.training;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceBuffer;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.TrainingOperations.Adam;
import dev.bulwark.device.TrainingOperations.AdamState;
import dev.bulwark.device.TrainingOperations.Average;
import dev.bulwark.device.TrainingOperations;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * From the gradient to the next parameters: the L1 norm's share, clipping, the optimiser with its moments, and the running
 * average.
 */
final class ParameterUpdate {

    static final double BETA2 = 0.999;

    /** Keeps Adam's quotient finite (Kingma and Ba 2015). */
    private static final float TINY = 1e-8f;

    private final Backend backend;
    private final TrainingOperations operations;
    private final Optimiser optimiser;
    private final double averaging;
    private final StepScalars scalars;
    private final DeviceBuffer parameters;
    private final DeviceBuffer gradient;
    private final DeviceBuffer normSquared;
    private final DeviceBuffer factor;
    /** The weight of each parameter's magnitude in the loss. */
    private final Optional<DeviceBuffer> l1;
    /** Everything that a step changes and the next one needs, parameters first. */
    private final Map<String, DeviceBuffer> state = new LinkedHashMap<>();

    /** @param weights 1 in place of each weight and 0 in place of each bias; asked for where their L1 norm counts */
    ParameterUpdate(Backend backend, DeviceMemory memory, Recipe recipe, StepScalars scalars,
                    DeviceBuffer parameters, DeviceBuffer gradient, Supplier<float[]> weights) {
        this.backend = backend;
        this.operations = backend.trainingOperations();
        this.optimiser = recipe.optimisation().optimiser();
        this.averaging = recipe.optimisation().averaging();
        this.scalars = scalars;
        this.parameters = parameters;
        this.gradient = gradient;
        this.normSquared = memory.allocate(1);
        this.factor = memory.holding(1f);
        this.l1 = optimiser.l1() > 0 ? Optional.of(memory.holding(scaled(weights.get(), (float) optimiser.l1())))
                : Optional.empty();
        long length = parameters.length();
        state.put("parameters", parameters);
        state.put("mean", memory.zeros(length));
        if (optimiser.kind() == Optimiser.Kind.ADAM) {
            state.put("square", memory.zeros(length));
        }
        if (averaging > 0) {
            DeviceBuffer average = memory.allocate(length);
            backend.copy(parameters, length, average);
            state.put("average", average);
        }
    }

    private static float[] scaled(float[] values, float factor) {
        float[] scaled = new float[values.length];
        for (int k = 0; k < values.length; ++k) {
            scaled[k] = factor * values[k];
        }
        return scaled;
    }

    Map<String, DeviceBuffer> state() {
        return state;
    }

    /** The parameters that become the network. */
    DeviceBuffer result() {
        return averaging > 0 ? state.get("average") : parameters;
    }

    /** One step. */
    void apply() {
        l1.ifPresent(weights -> backend.elementwise().addSigned(weights, parameters, parameters.length(), gradient));
        if (optimiser.clipNorm() > 0) {
            operations.clip(gradient, gradient.length(), (float) optimiser.clipNorm(), normSquared, factor);
        }
        float momentum = (float) optimiser.momentum();
        float decay = (float) optimiser.weightDecay();
        if (optimiser.kind() == Optimiser.Kind.ADAM) {
            operations.adam(parameters, gradient, parameters.length(), new Adam(momentum, (float) BETA2, TINY, decay),
                    new AdamState(state.get("mean"), state.get("square"), scalars.step(), factor), average());
        } else {
            backend.optimisers().sgd(parameters, gradient, state.get("mean"), parameters.length(),
                    momentum, decay, scalars.step(), factor);
            average().ifPresent(of -> backend.optimisers()
                    .average(parameters, parameters.length(), of.share(), of.parameters()));
        }
    }

    private Optional<Average> average() {
        return Optional.ofNullable(state.get("average")).map(of -> new Average(of, (float) (1 - averaging)));
    }
}

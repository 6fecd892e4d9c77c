package dev.bulwark.bounds;

import dev.bulwark.device.Patches;
import dev.bulwark.plan.LinearOperator;
import dev.bulwark.plan.Plan;
import dev.bulwark.plan.Step;
import dev.bulwark.shapes.ImageShape;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How far back forms of a value's units stay in patches: through activations, scalings, averages and convolutions, until they
 * meet anything else, or patches would be no smaller than what they are of.
 *
 * @param value where forms begin
 * @param end   the value at which patches end
 * @param units of that value, as an image
 * @param maps  on the way, by the values that they make
 */
record PatchRoute(int value, int end, ImageShape units, Map<Integer, LinearOperator.OnPatches> maps) {

    /** Empty where forms go back better, or only, with a coefficient at every element. @param most of {@link Patches#share} */
    static Optional<PatchRoute> of(Plan plan, int value, double most) {
        return image(plan, value).flatMap(units -> of(plan, value, units, most));
    }

    private static Optional<PatchRoute> of(Plan plan, int value, ImageShape units, double most) {
        Map<Integer, LinearOperator.OnPatches> maps = new HashMap<>();
        Patches patches = Patches.ofUnits(units);
        int at = value;
        while (at > 0) {
            Step step = plan.steps().get(at - 1);
            if (step instanceof Step.Linear linear) {
                Optional<LinearOperator.OnPatches> map = linear.operator().onPatches(patches);
                if (map.isEmpty() || map.get().patches().share() > most) {
                    break;
                }
                maps.put(at, map.get());
                patches = map.get().patches();
            } else if (!isActivation(step)) {
                break;
            }
            at = step.reads()[0];
        }
        return maps.isEmpty() ? Optional.empty() : Optional.of(new PatchRoute(value, at, units, maps));
    }

    private static boolean isActivation(Step step) {
        return step instanceof Step.Relu || step instanceof Step.Activation;
    }

    /** A value's shape, which what works element by element has from what it reads. */
    private static Optional<ImageShape> image(Plan plan, int value) {
        for (int at = value; at > 0; at = plan.steps().get(at - 1).reads()[0]) {
            Step step = plan.steps().get(at - 1);
            if (step instanceof Step.Linear linear && !linear.operator().separates()) {
                return linear.operator().outputImage();
            }
            if (!(step instanceof Step.Linear) && !isActivation(step)) {
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    /** Elements of the largest patch on the way. */
    int size() {
        return Math.max(units.channels(), maps.values().stream().mapToInt(map -> map.patches().size()).max().orElse(0));
    }
}

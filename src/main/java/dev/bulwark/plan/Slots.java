package dev.bulwark.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which of a few buffers holds each value while steps run from first to last: two values share one where the one is not read
 * any more when the other is made. A ReLU whose input nobody else reads works in place. The input is the caller's and has
 * none; the output keeps its own to the end.
 */
final class Slots {

    private static final int NONE = -1;

    private final int[] slots;
    private final List<Integer> sizes = new ArrayList<>();

    Slots(Plan plan) {
        this.slots = new int[plan.values()];
        int[] lastReader = lastReaders(plan);
        List<Integer> free = new ArrayList<>();
        slots[0] = NONE;
        for (int k = 0; k < plan.steps().size(); ++k) {
            Step step = plan.steps().get(k);
            int[] read = step.accept(READ);
            int to = step.to();
            int reused = step.accept(IN_PLACE);
            if (reused != NONE && slots[reused] != NONE && lastReader[reused] == k) {
                slots[to] = slots[reused];
            } else {
                slots[to] = take(free, plan.size(to));
            }
            int now = k;
            Arrays.stream(read).distinct().filter(value -> lastReader[value] == now && slots[value] != NONE
                    && slots[value] != slots[to]).forEach(value -> free.add(slots[value]));
        }
    }

    /** The smallest free one that is large enough, else the largest, which grows. */
    private int take(List<Integer> free, int size) {
        Integer chosen = free.stream().filter(slot -> sizes.get(slot) >= size).min(Comparator.comparing(sizes::get))
                .or(() -> free.stream().max(Comparator.comparing(sizes::get))).orElse(NONE);
        if (chosen == NONE) {
            sizes.add(size);
            return sizes.size() - 1;
        }
        free.remove(chosen);
        sizes.set(chosen, Math.max(sizes.get(chosen), size));
        return chosen;
    }

    private static int[] lastReaders(Plan plan) {
        int[] last = new int[plan.values()];
        IntStream.range(0, plan.steps().size()).forEach(
                k -> Arrays.stream(plan.steps().get(k).accept(READ)).forEach(value -> last[value] = k));
        last[plan.values() - 1] = plan.steps().size(); // whoever runs the plan
        return last;
    }

    /** Number of buffers. */
    int count() {
        return sizes.size();
    }

    /** Elements of a row of buffer {@code slot}. */
    int size(int slot) {
        return sizes.get(slot);
    }

    /** The buffer that holds a value other than the input. */
    int of(int value) {
        return slots[value];
    }

    private static final Step.Visitor<int[]> READ = new Step.Visitor<>() {
        @Override
        public int[] linear(Step.Linear step) {
            return new int[] {step.from()};
        }

        @Override
        public int[] relu(Step.Relu step) {
            return new int[] {step.from()};
        }
    };

    /** The value whose place a step's own may take, if nobody reads it afterwards. */
    private static final Step.Visitor<Integer> IN_PLACE = new Step.Visitor<>() {
        @Override
        public Integer linear(Step.Linear step) {
            return NONE;
        }

        @Override
        public Integer relu(Step.Relu step) {
            return step.from();
        }
    };
}

package dev.bulwark.plan;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Which of a few buffers holds what belongs to each value while a pass runs through a plan: two values share one where the
 * one's is not needed any more when the other's is made.
 */
public final class Slots {

    /** No buffer. */
    public static final int NONE = -1;

    private final Plan plan;
    private final int[] slots;
    /** Of steps that a backward pass takes. */
    private final int[] scratches;
    private final List<Integer> sizes = new ArrayList<>();
    private final List<Integer> free = new ArrayList<>();

    private Slots(Plan plan) {
        this.plan = plan;
        this.slots = new int[plan.values()];
        this.scratches = new int[plan.steps().size()];
        Arrays.fill(slots, NONE);
        Arrays.fill(scratches, NONE);
    }

    /**
     * For steps that run from first to last. An activation or a sum works in place of an operand that is not read
     * afterwards. The input is the caller's and has no buffer; the output keeps its own to the end.
     */
    public static Slots forward(Plan plan) {
        return forward(plan, value -> false);
    }

    /**
     * As {@link #forward(Plan)}, for whoever needs some values afterwards.
     *
     * @param kept values that must stay to the end
     */
    static Slots forward(Plan plan, IntPredicate kept) {
        Slots slots = new Slots(plan);
        int[] lastReader = lastReaders(plan, kept);
        for (int k = 0; k < plan.steps().size(); ++k) {
            slots.runForward(k, lastReader);
        }
        return slots;
    }

    /**
     * For steps that run from the one that makes value {@code last}, or any before it, to the first, each taking what
     * belongs to the value that it makes (a gradient, a linear form's coefficients) to the values that it reads. Where
     * several steps read a value, the first to come writes it, and each other one makes its part in {@link #scratch} and
     * adds it. An activation, and a sum for its first operand, work in place of their own value where the operand is not yet
     * begun and their value is not kept. Sums do their second operand first.
     *
     * @param kept values of which it must stay to the end
     */
    public static Slots backward(Plan plan, int last, IntPredicate kept) {
        Slots slots = new Slots(plan);
        slots.slots[last] = slots.take(plan.size(last));
        for (int k = last - 1; k >= 0; --k) { // step k makes value k + 1
            slots.runBackward(k, kept);
        }
        return slots;
    }

    /** Number of buffers. */
    public int count() {
        return sizes.size();
    }

    /** Elements of a row of buffer {@code slot}. */
    public int size(int slot) {
        return sizes.get(slot);
    }

    /** The buffer of a value, or {@link #NONE}. */
    public int of(int value) {
        return slots[value];
    }

    /**
     * Where step {@code step} of a backward pass makes what it adds to a value that is begun; {@link #NONE} where it never
     * needs another place than its own value's.
     */
    public int scratch(int step) {
        return scratches[step];
    }

    private void runForward(int k, int[] lastReader) {
        Step step = plan.steps().get(k);
        int[] read = step.reads();
        IntPredicate dies = value -> lastReader[value] == k && slots[value] != NONE;
        int to = step.to();
        slots[to] = Arrays.stream(step.accept(IN_PLACE)).filter(dies).map(value -> slots[value]).findFirst()
                .orElseGet(() -> take(plan.size(to)));
        Arrays.stream(read).distinct().filter(dies).map(value -> slots[value]).filter(slot -> slot != slots[to])
                .forEach(free::add);
    }

    private void runBackward(int k, IntPredicate kept) {
        Step step = plan.steps().get(k);
        int own = slots[step.to()];
        boolean mine = !kept.test(step.to());
        int[] read = step.reads();
        boolean inPlace = step.accept(IN_PLACE).length > 0;
        for (int operand = read.length - 1; operand >= 0; --operand) {
            int from = read[operand];
            if (slots[from] == NONE) {
                slots[from] = inPlace && mine && operand == 0 ? own : take(plan.size(from));
            } else if (!mine || !inPlace) {
                scratches[k] = take(plan.size(from));
                free.add(scratches[k]);
            }
        }
        if (mine && Arrays.stream(read).noneMatch(from -> slots[from] == own)) {
            free.add(own);
        }
    }

    /** The smallest free one that is large enough, else the largest, which grows. */
    private int take(int size) {
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

    private static int[] lastReaders(Plan plan, IntPredicate kept) {
        int[] last = new int[plan.values()];
        IntStream.range(0, plan.steps().size()).forEach(
                k -> Arrays.stream(plan.steps().get(k).reads()).forEach(value -> last[value] = k));
        int end = plan.steps().size();
        IntStream.range(0, last.length).filter(kept).forEach(value -> last[value] = end);
        last[plan.values() - 1] = end; // whoever runs the plan
        return last;
    }

    /** Those whose place a step's own may take. */
    private static final Step.Visitor<int[]> IN_PLACE = new Step.Visitor<>() {
        @Override
        public int[] linear(Step.Linear step) {
            return new int[0];
        }

        @Override
        public int[] relu(Step.Relu step) {
            return step.reads();
        }

        @Override
        public int[] sum(Step.Sum step) {
            return step.reads();
        }

        @Override
        public int[] activation(Step.Activation step) {
            return step.reads();
        }

        @Override
        public int[] maxPool(Step.MaxPool step) {
            return new int[0];
        }
    };
}

package dev.bulwark.plan;

/** Counts the ways from each value of a plan to a later one. */
final class Ways implements Step.Visitor<Void> {

    private final Plan plan;
    private final Slots slots;
    private final int kept;
    private final long[] buffers;
    private final boolean[] begun;
    private int step;

    private Ways(Plan plan, int start, int kept) {
        this.plan = plan;
        this.kept = kept;
        this.slots = Slots.backward(plan, plan.values() - 1, value -> value == kept);
        this.buffers = new long[slots.count()];
        this.begun = new boolean[plan.values()];
        buffers[slots.of(start)] = 1;
        begun[start] = true;
    }

    /** With a number for each value. */
    static long[] byValue(Plan plan, int start) {
        long[] ways = new long[plan.values()];
        ways[start] = 1;
        for (int k = plan.steps().size() - 1; k >= 0; --k) {
            plan.steps().get(k).accept(new Step.Visitor<Void>() {
                @Override
                public Void linear(Step.Linear linear) {
                    ways[linear.from()] += ways[linear.to()];
                    return null;
                }

                @Override
                public Void relu(Step.Relu relu) {
                    ways[relu.from()] += ways[relu.to()];
                    return null;
                }

                @Override
                public Void activation(Step.Activation activation) {
                    ways[activation.from()] += ways[activation.to()];
                    return null;
                }

                @Override
                public Void maxPool(Step.MaxPool pool) {
                    ways[pool.from()] += ways[pool.to()];
                    return null;
                }

                @Override
                public Void sum(Step.Sum sum) {
                    ways[sum.first()] += ways[sum.to()];
                    ways[sum.second()] += ways[sum.to()];
                    return null;
                }
            });
        }
        return ways;
    }

    /** As {@link #byValue}, each read when it is complete, and again at the end if it is the one kept. */
    static long[] byBuffer(Plan plan, int start, int kept) {
        Ways pass = new Ways(plan, start, kept);
        long[] ways = new long[plan.values()];
        for (pass.step = plan.steps().size() - 1; pass.step >= 0; --pass.step) {
            int to = plan.steps().get(pass.step).to();
            if (pass.begun[to]) {
                ways[to] = pass.buffers[pass.slots.of(to)];
                plan.steps().get(pass.step).accept(pass);
            }
        }
        ways[0] = pass.begun[0] ? pass.buffers[pass.slots.of(0)] : 0;
        if (kept >= 0 && pass.begun[kept]) {
            ways[kept] = pass.buffers[pass.slots.of(kept)];
        }
        return ways;
    }

    @Override
    public Void linear(Step.Linear linear) {
        give(linear.to(), linear.from(), true);
        return null;
    }

    @Override
    public Void relu(Step.Relu relu) {
        give(relu.to(), relu.from(), relu.to() == kept);
        return null;
    }

    @Override
    public Void activation(Step.Activation activation) {
        give(activation.to(), activation.from(), activation.to() == kept);
        return null;
    }

    @Override
    public Void maxPool(Step.MaxPool pool) {
        give(pool.to(), pool.from(), true);
        return null;
    }

    @Override
    public Void sum(Step.Sum sum) {
        give(sum.to(), sum.second(), false);
        give(sum.to(), sum.first(), false);
        return null;
    }

    /** @param apart whether what is given is made in another place than the value's own */
    private void give(int to, int from, boolean apart) {
        long given = buffers[slots.of(to)];
        int place = begun[from] && apart ? slots.scratch(step) : slots.of(begun[from] ? to : from);
        if (apart && (place == slots.of(to) || begun[from] && place == slots.of(from))) {
            throw new AssertionError("step " + step + " would write where it reads");
        }
        buffers[place] = given;
        if (begun[from]) {
            buffers[slots.of(from)] += buffers[place];
        }
        begun[from] = true;
    }
}

package dev.bulwark.bounds;

import java.util.Arrays;

/** What is known of a specification over a region. */
public sealed interface Verdict {

    /** It holds at every point of the region. */
    record Certified(Claim claim) implements Verdict {
    }

    /** It fails at a point of the region. */
    final class Falsified implements Verdict {

        private final float[] counterexample;

        /** @param counterexample {@code [D]} */
        Falsified(float[] counterexample) {
            this.counterexample = counterexample.clone();
        }

        /** {@code [D]} */
        public float[] counterexample() {
            return counterexample.clone();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Falsified that && Arrays.equals(counterexample, that.counterexample);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(counterexample);
        }

        @Override
        public String toString() {
            return "falsified at a point of " + counterexample.length + " elements";
        }
    }

    /** Neither is shown. */
    record Undecided(String reason) implements Verdict {
    }
}

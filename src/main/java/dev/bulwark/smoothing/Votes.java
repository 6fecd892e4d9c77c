package dev.bulwark.smoothing;

import java.util.Arrays;

/** How many noisy copies of one input the base classifier gave to each class; a vote may go to no class. */
final class Votes {

    private Votes() {
    }

    /** Index of the largest count, the lowest at a tie. */
    static int top(int[] counts) {
        int top = 0;
        for (int c = 1; c < counts.length; ++c) {
            if (counts[c] > counts[top]) {
                top = c;
            }
        }
        return top;
    }

    /** The second largest count, equal to the largest at a tie. */
    static int runnerUpCount(int[] counts) {
        int[] sorted = counts.clone();
        Arrays.sort(sorted);
        return sorted.length < 2 ? 0 : sorted[sorted.length - 2];
    }
}

package dev.bulwark.attack;

import dev.bulwark.data.Norm;
import java.util.List;
import java.util.Optional;

/** One of the attacks of an {@link AttackSuite}, and how hard it tries. */
public sealed interface Search permits Search.Pgd, Search.Apgd, Search.Fab,
        Search.Square {

    /** AutoAttack's, in every norm. */
    int ITERATIONS = 100;
    int QUERIES = 5000;
    int MOST_TARGETS = 9;
    int L1_RESTARTS = 5;
    int L1_TARGETS = 5;

    AttackMethod method();

    /** What it climbs; empty where that is no loss. */
    Optional<AttackLoss> loss();

    /** Starting points, for each target where there are some. */
    int restarts();

    /** Classes that it leads to, one after the other, in the falling order of the image's logits; 0 where it is not targeted. */
    int targets();

    /** As {@code apgd-ce}. */
    String name();

    /** As {@code apgd-t: 100 iterations, 1 restart, 9 targets}. */
    default String describe() {
        return name() + ": " + effort() + ", " + restarts() + (restarts() == 1 ? " restart" : " restarts")
                + (targeted() ? ", " + targets() + (targets() == 1 ? " target" : " targets") : "");
    }

    /** How long it searches from one point: {@code 100 iterations}. */
    String effort();

    default boolean targeted() {
        return targets() > 0;
    }

    /** Tells searches' random numbers apart. */
    default int number() {
        return 8 * method().ordinal() + loss().map(each -> 1 + each.ordinal()).orElse(0);
    }

    /** AutoAttack's standard version (Croce and Hein 2020; in l1 balls Croce and Hein 2021). */
    static List<Search> autoAttack(Norm norm) {
        boolean sparse = norm == Norm.ONE;
        return List.of(new Apgd(AttackLoss.CROSS_ENTROPY, ITERATIONS, sparse ? L1_RESTARTS : 1, 0),
                new Apgd(AttackLoss.TARGETED_DLR, ITERATIONS, 1, sparse ? L1_TARGETS : MOST_TARGETS),
                new Fab(ITERATIONS, 1, MOST_TARGETS), new Square(QUERIES, 1));
    }

    private static void requirePositive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be positive: " + value);
        }
    }

    /**
     * Projected gradient descent with steps of one length, in l-infinity and l2 balls.
     *
     * @param climbed  any loss but the untargeted margin, which has {@link dev.bulwark.attack.Pgd}
     * @param stepSize in the ball's norm
     */
    record Pgd(AttackLoss climbed, int steps, double stepSize, int restarts, int targets) implements Search {

        public Pgd {
            requirePositive("steps", steps);
            requirePositive("restarts", restarts);
            requireLoss(climbed, targets);
            if (!(stepSize >= 0 && stepSize <= Float.MAX_VALUE)) {
                throw new IllegalArgumentException("stepSize must not be negative, and at most the largest float: " + stepSize);
            }
        }

        @Override
        public AttackMethod method() {
            return AttackMethod.PGD;
        }

        @Override
        public Optional<AttackLoss> loss() {
            return Optional.of(climbed);
        }

        @Override
        public String effort() {
            return steps + " steps of " + stepSize;
        }

        @Override
        public String name() {
            return targeted() ? "pgd-t" : climbed == AttackLoss.CROSS_ENTROPY ? "pgd-ce" : "pgd-dlr";
        }
    }

    private static void requireLoss(AttackLoss climbed, int targets) {
        if (climbed == AttackLoss.MARGIN) {
            throw new IllegalArgumentException("the loss must say how large it is: the cross-entropy, the difference of logits ratio, "
                    + "or a targeted one, not the margin");
        }
        if (climbed.targeted() != targets > 0) {
            throw new IllegalArgumentException("targets must be positive where the loss is targeted, else 0: " + targets);
        }
    }

    /**
     * Auto-PGD. In l1 balls the first three tenths of the iterations are in a ball three times as wide, the next three in one twice
     * as wide.
     *
     * @param climbed the cross-entropy or the difference of logits ratio, this one with targets or without
     */
    record Apgd(AttackLoss climbed, int iterations, int restarts, int targets) implements Search {

        public Apgd {
            requirePositive("iterations", iterations);
            requirePositive("restarts", restarts);
            requireLoss(climbed, targets);
        }

        @Override
        public AttackMethod method() {
            return targeted() ? AttackMethod.APGD_T : AttackMethod.APGD;
        }

        @Override
        public Optional<AttackLoss> loss() {
            return Optional.of(climbed);
        }

        @Override
        public String effort() {
            return iterations + " iterations";
        }

        @Override
        public String name() {
            return targeted() ? "apgd-t" : climbed == AttackLoss.CROSS_ENTROPY ? "apgd-ce" : "apgd-dlr";
        }
    }

    /** The fast adaptive boundary attack. The first of the restarts begins at the image itself. */
    record Fab(int iterations, int restarts, int targets) implements Search {

        public Fab {
            requirePositive("iterations", iterations);
            requirePositive("restarts", restarts);
            requirePositive("targets", targets);
        }

        @Override
        public AttackMethod method() {
            return AttackMethod.FAB_T;
        }

        @Override
        public Optional<AttackLoss> loss() {
            return Optional.empty();
        }

        @Override
        public String effort() {
            return iterations + " iterations";
        }

        @Override
        public String name() {
            return "fab-t";
        }
    }

    /** Random search over squares. */
    record Square(int queries, int restarts) implements Search {

        public Square {
            requirePositive("queries", queries);
            requirePositive("restarts", restarts);
        }

        @Override
        public AttackMethod method() {
            return AttackMethod.SQUARE;
        }

        @Override
        public Optional<AttackLoss> loss() {
            return Optional.of(AttackLoss.MARGIN);
        }

        @Override
        public int targets() {
            return 0;
        }

        @Override
        public String effort() {
            return queries + " queries";
        }

        @Override
        public String name() {
            return "square";
        }
    }
}

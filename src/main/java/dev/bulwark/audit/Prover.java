package dev.bulwark.audit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Completes certificates: where the rules for all do not prove a margin, it looks for slopes that do, and then for splits.
 * It uses the checker's own arithmetic, so that what it finds proves the row again, and has the row claim the margins that
 * it proves.
 */
public final class Prover {

    /** Inputs are split rather than units where no more than these may change. */
    private static final int FEW_INPUTS = 20;

    private final Network network;
    private final Effort effort;

    /**
     * How much is tried.
     *
     * @param rootSteps of slopes over the whole ball
     * @param unitSteps of slopes of hidden units' ends, where it takes more
     * @param steps     of slopes and multipliers in a part of it
     * @param domains   parts that one margin may be split into, those on the way included
     */
    public record Effort(int rootSteps, int unitSteps, int steps, int domains) {

        public static final Effort DEFAULT = new Effort(40, 20, 12, 2000);
    }

    public Prover(Network network, Effort effort) {
        this.network = network;
        this.effort = effort;
    }

    /**
     * The certificate of a claim that others found to be true.
     *
     * @param claim without a proof
     * @param image as in {@link Checker#check}
     * @return with a proof, and the margins that it proves; as it is where none was found, or it is not of a certified row
     */
    public Certificate complete(Certificate claim, Image image) {
        if (claim.verdict() != Certificate.Verdict.CERTIFIED) {
            return claim;
        }
        Ball ball = new Ball(image, claim.ball().epsilon(), claim.ball().norm());
        List<OptionalDouble> positive = Collections.nCopies(network.classes(), OptionalDouble.empty());
        Checker checker = new Checker(network);
        double[] proven = checker.prove(claim.label(), ball, Proof.NONE, positive);
        int[] open = IntStream.range(0, proven.length).filter(c -> c != claim.label() && !(proven[c] > 0)).toArray();
        Optional<Proof> proof = open.length == 0 ? Optional.of(Proof.NONE) : proof(claim.label(), ball, open);
        return proof.map(found -> claim.with(checker.prove(claim.label(), ball, found, positive), found)).orElse(claim);
    }

    /** By slopes of the margins alone; else with those of units too, and splits. */
    private Optional<Proof> proof(int label, Ball ball, int[] classes) {
        Domain whole = Domain.of(network, ball, true);
        Optional<Proof> simple = proof(new Margins(network, label), whole, List.of(), classes, 0);
        if (simple.isPresent()) {
            return simple;
        }
        List<Proof.Side> sides = new ArrayList<>();
        Domain tight = Domain.of(network, ball, (so, layer, found) -> tighten(so, layer, found, sides));
        return proof(new Margins(network, label), tight, sides, classes, effort.domains);
    }

    private Optional<Proof> proof(Margins margins, Domain whole, List<Proof.Side> sides, int[] classes, int domains) {
        int[][] open = open(whole);
        Ascent ascent = new Ascent(whole, margins, classes);
        ascent.climb(effort.rootSteps, 0);
        Map<Integer, Proof.Node> trees = new TreeMap<>();
        for (int r = 0; r < classes.length; ++r) {
            Proof.Leaf leaf = ascent.leaf(r, open);
            Optional<Proof.Node> tree = proves(margins, whole, leaf, open, classes[r]) ? Optional.of(leaf)
                    : new Search(margins, open, classes[r], domains).split(whole, ascent, r, leaf);
            if (tree.isEmpty()) {
                return Optional.empty();
            }
            trees.put(classes[r], tree.get());
        }
        return Optional.of(new Proof(open, sides, trees));
    }

    /** Bounds both ends of a hidden layer's open units with slopes of their own, which go to {@code sides}. */
    private Interval tighten(Domain so, Layer layer, Interval found, List<Proof.Side> sides) {
        int[] units = IntStream.range(0, layer.out()).filter(j -> found.lower()[j] < 0 && found.upper()[j] > 0).toArray();
        if (so.hidden() == 0 || units.length == 0) {
            return found;
        }
        double[][] a = new double[2 * units.length][];
        double[] c = new double[a.length];
        for (int r = 0; r < a.length; ++r) {
            a[r] = Sides.form(layer, units[r / 2], r % 2 == 1);
            c[r] = r % 2 == 1 ? -layer.bias(units[r / 2]) : layer.bias(units[r / 2]);
        }
        Ascent ascent = new Ascent(so, a.length, (pass, choice) -> pass.least(a, c, so.hidden(), choice));
        ascent.climb(effort.unitSteps, Double.POSITIVE_INFINITY);
        int[][] open = open(so);
        List<Proof.Side> here = new ArrayList<>();
        for (int r = 0; r < a.length; ++r) {
            here.add(new Proof.Side(so.hidden(), units[r / 2], r % 2 == 1, ascent.leaf(r, open).slopes()));
        }
        sides.addAll(here);
        return new Sides(open, here).tighten(so, layer, found);
    }

    /** Whether a leaf does so as a checker sees it, its slopes rounded. */
    private boolean proves(Margins margins, Domain domain, Proof.Leaf leaf, int[][] open, int c) {
        Trees trees = new Trees(network, margins, new Proof(open, List.of(), Map.of(c, leaf)));
        return trees.least(c, domain) > 0;
    }

    private static int[][] open(Domain domain) {
        int[][] open = new int[domain.hidden()][];
        for (int k = 0; k < open.length; ++k) {
            Interval z = domain.units(k);
            int[] kept = domain.kept(k);
            open[k] = IntStream.range(0, kept.length).filter(j -> z.lower()[j] < 0).map(j -> kept[j]).toArray();
        }
        return open;
    }

    /** For the tree of one margin, depth first. */
    private final class Search {

        private final Margins margins;
        private final int[][] open;
        private final int c;
        private final int most;
        private int domains;

        /** @param most parts that the ball may be split into, those on the way included */
        Search(Margins margins, int[][] open, int c, int most) {
            this.margins = margins;
            this.open = open;
            this.c = c;
            this.most = most;
        }

        /** @param tried the ascent that did not suffice, whose row r this is, and what it found */
        Optional<Proof.Node> split(Domain domain, Ascent tried, int r, Proof.Leaf found) {
            Optional<Proof.Split> where = domains + 2 > most ? Optional.empty() : where(domain, tried, r);
            if (where.isEmpty()) {
                return Optional.empty();
            }
            domains += 2;
            Optional<Proof.Node> below = node(domain.within(network, Trees.cut(where.get(), false)), found);
            Optional<Proof.Node> above = below.isEmpty() ? below : node(domain.within(network, Trees.cut(where.get(),
                    true)), found);
            return above.map(node -> new Proof.Split(where.get().layer(), where.get().unit(), where.get().threshold(),
                    below.get(), node));
        }

        private Optional<Proof.Node> node(Domain domain, Proof.Leaf before) {
            Proof.Leaf nothing = new Proof.Leaf(new byte[0], new double[0]);
            if (domain.isEmpty() || margins.byIntervals(domain)[c] > 0) {
                return Optional.of(nothing);
            }
            Ascent ascent = new Ascent(domain, margins, c);
            ascent.beginWith(before, open);
            ascent.climb(effort.steps, 0);
            Proof.Leaf leaf = ascent.leaf(0, open);
            return proves(margins, domain, leaf, open, c) ? Optional.of(leaf) : split(domain, ascent, 0, leaf);
        }

        private Optional<Proof.Split> where(Domain domain, Ascent tried, int r) {
            return free(domain.inputs()) <= FEW_INPUTS ? input(domain.inputs(), tried.atInputs(r))
                    : unit(domain, tried.losses(r));
        }

        private int free(Interval box) {
            return (int) IntStream.range(0, box.size()).filter(i -> box.lower()[i] < box.upper()[i]).count();
        }

        private Optional<Proof.Split> input(Interval box, double[] a) {
            double most = Arrays.stream(a).map(Math::abs).max().orElse(0);
            int best = -1;
            double gain = 0;
            for (int i = 0; i < a.length; ++i) {
                double width = (Math.abs(a[i]) + 0.05 * most) * (box.upper()[i] - box.lower()[i]);
                best = width > gain ? i : best;
                gain = Math.max(gain, width);
            }
            Proof.Node none = new Proof.Leaf(new byte[0], new double[0]);
            return best < 0 ? Optional.empty()
                    : Optional.of(new Proof.Split(-1, best, 0.5 * (box.lower()[best] + box.upper()[best]), none, none));
        }

        /** The unit whose lines cost the bound most. */
        private Optional<Proof.Split> unit(Domain domain, List<double[]> losses) {
            Proof.Node none = new Proof.Leaf(new byte[0], new double[0]);
            Optional<Proof.Split> best = Optional.empty();
            double most = 0;
            for (int k = 0; k < losses.size(); ++k) {
                for (int j = 0; j < losses.get(k).length; ++j) {
                    if (losses.get(k)[j] > most) {
                        most = losses.get(k)[j];
                        best = Optional.of(new Proof.Split(k, domain.kept(k)[j], 0, none, none));
                    }
                }
            }
            return best;
        }
    }
}

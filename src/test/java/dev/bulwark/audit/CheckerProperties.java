package dev.bulwark.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Segment;
import dev.bulwark.bounds.Specification;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.commons.math3.fraction.BigFraction;

/** Whatever a certificate says, nothing is proven that is above the exact minimum. */
class CheckerProperties {

    private static final int CLASSES = 3;

    /** A random network of one input, with all the certificate's hints drawn at random too. */
    private record Case(Graph graph, float centre, float epsilon, int label, Proof proof) {

        static Case of(long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            int[] widths = random.nextBoolean() ? new int[] {1, random.nextInt(1, 9), CLASSES}
                    : new int[] {1, random.nextInt(1, 9), random.nextInt(1, 7), CLASSES};
            int[][] open = new int[widths.length - 2][];
            for (int k = 0; k < open.length; ++k) {
                open[k] = IntStream.range(0, widths[k + 1]).filter(j -> random.nextInt(4) > 0).toArray();
            }
            Map<Integer, Proof.Node> trees = new HashMap<>();
            for (int c = 0; c < CLASSES; ++c) {
                trees.put(c, node(random, widths, open, 0));
            }
            List<Proof.Side> sides = new ArrayList<>();
            for (int k = 1; k < open.length; ++k) {
                for (int j = 0; j < widths[k + 1]; ++j) {
                    byte[] slopes = new byte[new Proof(open, List.of(), Map.of()).slopesBefore(k)];
                    random.nextBytes(slopes);
                    sides.add(new Proof.Side(k, j, random.nextBoolean(), slopes));
                }
            }
            return new Case(Mlp.random(random, 2, widths), random.nextInt(1, 64) / 64f, random.nextInt(1, 40) / 64f,
                    random.nextInt(CLASSES), new Proof(open, sides, trees));
        }

        private static Proof.Node node(SplittableRandom random, int[] widths, int[][] open, int depth) {
            if (depth == 4 || random.nextInt(3) == 0) {
                byte[] slopes = new byte[random.nextInt(5) == 0 ? 0 : new Proof(open, List.of(), Map.of()).slopes()];
                random.nextBytes(slopes);
                return new Proof.Leaf(slopes, random.doubles(random.nextInt(depth + 1), 0, 2).toArray());
            }
            int layer = random.nextInt(-1, widths.length - 2);
            double at = layer < 0 ? random.nextDouble() : random.nextInt(3) == 0 ? random.nextDouble(-1, 1) : 0;
            return new Proof.Split(layer, random.nextInt(widths[layer + 1]), at, node(random, widths, open, depth + 1),
                    node(random, widths, open, depth + 1));
        }

        BigFraction exact(int c) {
            Segment segment = new Segment(graph, new float[] {Math.max(0, centre - epsilon)}, new float[] {Math.min(1,
                    centre + epsilon)});
            return segment.least(inequality(c));
        }

        private Specification.Inequality inequality(int c) {
            float[] coefficients = new float[CLASSES];
            coefficients[label] += 1;
            coefficients[c] -= 1;
            return new Specification.Inequality(coefficients, 0);
        }

        Image image() {
            return Image.of(false, new float[] {centre});
        }

        String distance() {
            return new BigDecimal(epsilon).toPlainString();
        }
    }

    private static BigFraction fraction(double value) {
        BigDecimal exact = new BigDecimal(value);
        return new BigFraction(exact.unscaledValue(), java.math.BigInteger.TEN.pow(Math.max(0, exact.scale())));
    }

    @Property(tries = 1500)
    void givenAnyHints_whenChecked_thenNoMarginIsAboveTheExactMinimum(@ForAll long seed) {
        Case of = Case.of(seed);
        Network network = Fixture.network(of.graph);
        List<OptionalDouble> beyond = Collections.nCopies(CLASSES, OptionalDouble.of(1e9));
        double[] proven = new Checker(network).prove(of.label, new Ball(of.image(), of.distance(), "inf"), of.proof, beyond);
        for (int c = 0; c < CLASSES; ++c) {
            if (c != of.label) {
                assertTrue(fraction(proven[c]).compareTo(of.exact(c)) <= 0, proven[c] + " is above "
                        + of.exact(c).doubleValue());
            }
        }
    }

    @Property(tries = 150)
    void givenATrueClaim_whenCompletedAndRead_thenItIsProvenAndItsMarginsAreTrue(@ForAll long seed) {
        Case of = Case.of(seed);
        Network network = Fixture.network(of.graph);
        double least = IntStream.range(0,
                CLASSES).filter(c -> c != of.label).mapToDouble(c -> of.exact(c).doubleValue()).min().orElseThrow();
        Certificate claim = Fixture.claim(network, of.image(), of.label, of.distance(), 1e-9);
        // Where it is false there is nothing to find.
        Prover.Effort effort = least > 1e-3 ? Prover.Effort.DEFAULT : new Prover.Effort(5, 5, 5, 10);
        String line = CertificateText.write(new Prover(network, effort).complete(claim, of.image()));
        Checker.Result result = Fixture.check(network, of.image(), line);
        assertEquals(line, CertificateText.write(CertificateText.read(line)));
        if (least > 1e-3) {
            assertEquals(Checker.Outcome.PROVEN, result.outcome(), result.reason());
        } else if (least <= 0) {
            assertEquals(Checker.Outcome.NOT_PROVEN, result.outcome(), result.reason());
        }
    }

    @Property(tries = 300)
    void givenAnL2OrL1Ball_whenChecked_thenNoMarginIsAboveThatOfAnyOfItsPoints(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Network network = Fixture.network(Mlp.random(random, 2, 3, 5, 4, CLASSES));
        float[] centre = {random.nextInt(256) / 255f, random.nextInt(256) / 255f, random.nextInt(256) / 255f};
        boolean two = random.nextBoolean();
        Ball ball = new Ball(Image.of(true, centre), "3/10", two ? "2" : "1");
        double[] proven = new Checker(network).prove(0, ball, Proof.NONE, Collections.nCopies(CLASSES,
                OptionalDouble.of(1e9)));
        for (int k = 0; k < 200; ++k) {
            double[] away = random.doubles(3, -1, 1).toArray();
            double size = 0;
            for (double each : away) {
                size += two ? each * each : Math.abs(each);
            }
            double[] point = new double[3];
            for (int i = 0; i < 3; ++i) {
                point[i] = centre[i] + 0.2999 * away[i] / (two ? Math.sqrt(size) : size);
            }
            if (ball.holds(point)) {
                Interval logits = new Interval(point, point);
                for (int layer = 0; layer < network.layers().size(); ++layer) {
                    logits = network.layers().get(layer).bounds(layer == 0 ? logits : logits.relu());
                }
                for (int c = 1; c < CLASSES; ++c) {
                    assertTrue(proven[c] <= logits.upper()[0] - logits.lower()[c] + 1e-9);
                }
            }
        }
    }
}

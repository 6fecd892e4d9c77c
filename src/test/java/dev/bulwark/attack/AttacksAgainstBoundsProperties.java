package dev.bulwark.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Bounds;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.Verifier;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.Backend;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.ExactGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.statistics.Statistics;

/**
 * No attack breaks what is certified for every float32 evaluation, and where one breaks what is certified of the real-number network,
 * that network, evaluated exactly, gives the label there all the same.
 *
 * <p>Balls are as large as bounds certify, so that margins are as near to 0 as rounding, and logits share a large number, so that
 * rounding is large.
 */
class AttacksAgainstBoundsProperties {

    private static final int IMAGES = 3;
    private static final int CLASSES = 3;
    private static final ImageShape IMAGE = new ImageShape(1, 3, 3);
    /** Of what bounds certify, a method in this many is one that searches or optimises. */
    private static final int SELDOM = 10;
    private static final List<Method> CHEAP = List.of(Method.IBP, Method.CROWN_IBP, Method.DEEPPOLY, Method.CROWN);
    private static final List<Method> COSTLY = List.of(Method.ALPHA_CROWN, Method.EXACT, Method.CASCADE);
    /** The interval in which the largest certified epsilon lies is cut into this many parts, so often. */
    private static final int PARTS = 16;
    private static final int CUTS = 6;

    private static Backend backend;

    @BeforeContainer
    static void open() {
        backend = CpuBackend.create();
    }

    @AfterContainer
    static void everyByteIsReturned() {
        assertEquals(0, backend.liveBytes());
        backend.close();
    }

    @Property(tries = 1000)
    void noAttackBreaksWhatIsCertified(@ForAll long seed, @ForAll Norm norm, @ForAll Claim claim, @ForAll AttackKind attack,
                                       @ForAll boolean convolutional) {
        SplittableRandom random = new SplittableRandom(seed);
        Graph net = network(random, convolutional, random.nextInt(3) == 0 ? 0 : Math.scalb(1f, random.nextInt(20)));
        float[] images = HostNetwork.values(random, IMAGES * IMAGE.size(), 0, 1);
        List<Method> methods = random.nextInt(SELDOM) == 0 ? COSTLY : CHEAP;
        Method method = methods.get(random.nextInt(methods.size()));
        try (Plan plan = Plan.load(backend, net, claim.arithmetic()); Verifier verifier = method.verifier(plan);
             Verifier searching = (methods == CHEAP ? method : Method.CROWN).verifier(plan)) {
            int[] labels = verifier.verify(images, new int[IMAGES], Ball.aroundFloats(0)).stream().mapToInt(Bounds::cleanPrediction).toArray();
            Ball ball = Ball.aroundFloats(largest(searching, images, labels, norm)).in(norm);
            List<Bounds> bounds = verifier.verify(images, labels, ball);
            try (Attacker attacker = attacker(attack, ball, seed).on(plan)) {
                List<AttackOutcome> outcomes = attacker.attack(images, labels, IntStream.range(0, IMAGES).toArray());
                for (int n = 0; n < IMAGES; ++n) {
                    String what = check(net, claim, bounds.get(n), outcomes.get(n));
                    for (Object label : List.of(claim, norm.words(), attack)) {
                        Statistics.label(label.toString()).collect(what);
                    }
                }
            }
        }
        Statistics.label(claim.toString()).coverage(coverage -> {
            coverage.check("certified").percentage(share -> share > 10);
            coverage.check("broken").percentage(share -> share > 10);
            coverage.check("broken by rounding alone").percentage(share -> claim == Claim.REAL ? share > 0.2 : share == 0);
        });
        for (String label : List.of(norm.words(), attack.toString())) {
            Statistics.label(label).coverage(coverage -> coverage.check("broken").percentage(share -> share > 3));
        }
    }

    /** What became of an image. */
    private static String check(Graph net, Claim claim, Bounds bounds, AttackOutcome outcome) {
        assertEquals(bounds.cleanPrediction(), outcome.cleanPrediction());
        if (!bounds.certified() || !outcome.broken()) {
            return bounds.certified() ? "certified" : outcome.broken() ? "broken" : "neither";
        }
        assertNotEquals(Claim.DEPLOYED, claim, bounds + "; " + outcome);
        float[] point = outcome.adversarialImage();
        BigDecimal[] logits = ExactGraph.logits(net, IntStream.range(0, point.length).mapToObj(i -> new BigDecimal(point[i]))
                .toArray(BigDecimal[]::new));
        for (int c = 0; c < CLASSES; ++c) {
            assertTrue(c == outcome.label() || logits[outcome.label()].compareTo(logits[c]) > 0, bounds + "; " + outcome + "; "
                    + Arrays.toString(logits));
        }
        return "broken by rounding alone";
    }

    /** An epsilon at which the first image is certified, and a 2^-24th beyond which it is not. */
    private static double largest(Verifier verifier, float[] images, int[] labels, Norm norm) {
        float[] copies = new float[(PARTS - 1) * IMAGE.size()];
        for (int k = 0; k < copies.length; ++k) {
            copies[k] = images[k % IMAGE.size()];
        }
        int[] label = new int[PARTS - 1];
        Arrays.fill(label, labels[0]);
        double certified = 0;
        double width = 1;
        for (int cut = 0; cut < CUTS; ++cut) {
            double from = certified;
            double part = width / PARTS;
            List<Bounds> bounds = verifier.verify(copies, label, IntStream.range(1, PARTS)
                    .mapToObj(k -> Ball.aroundFloats(from + k * part).in(norm)).toList());
            int holding = (int) IntStream.range(0, PARTS - 1).takeWhile(k -> bounds.get(k).certified()).count();
            certified = from + holding * part;
            width = part;
        }
        return certified;
    }

    /** A short one; in l1 balls, where PGD has no steps, auto-PGD in its place. */
    private static Attacker.Settings attacker(AttackKind attack, Ball ball, long seed) {
        Search apgd = new Search.Apgd(AttackLoss.CROSS_ENTROPY, 15, 1, 0);
        Search targeted = new Search.Apgd(AttackLoss.TARGETED_DLR, 15, 1, CLASSES - 1);
        Search fab = new Search.Fab(15, 1, CLASSES - 1);
        Search square = new Search.Square(60, 1);
        return attack == AttackKind.PGD && ball.norm() != Norm.ONE
                ? new PgdSettings(ball, 20, PgdSettings.defaultStep(ball), 2, seed, List.of(AttackLoss.CROSS_ENTROPY, AttackLoss.MARGIN))
                : new SuiteSettings(ball, IMAGE, seed, switch (attack) {
                    case PGD, APGD -> List.of(apgd);
                    case APGD_T -> List.of(targeted);
                    case FAB_T -> List.of(fab);
                    case SQUARE -> List.of(square);
                    case AUTOATTACK -> List.of(apgd, targeted, fab, square);
                });
    }

    /** @param common added to every logit */
    private static Graph network(SplittableRandom random, boolean convolutional, float common) {
        float[] biases = HostNetwork.values(random, CLASSES, -0.5, 0.5);
        for (int c = 0; c < CLASSES; ++c) {
            biases[c] += common;
        }
        if (!convolutional) {
            Graph.Builder builder = new Graph.Builder(Shape.of(IMAGE.size()));
            int hidden = builder.add(new Op.Relu(), builder.add(Mlp.dense(IMAGE.size(), 8, HostNetwork.values(random, 8 * IMAGE.size(), -1, 1),
                    HostNetwork.values(random, 8, -0.5, 0.5)), Graph.Builder.INPUT));
            builder.add(Mlp.dense(8, CLASSES, HostNetwork.values(random, 8 * CLASSES, -1, 1), biases), hidden);
            return builder.build();
        }
        Graph.Builder builder = new Graph.Builder(IMAGE.shape());
        int maps = builder.add(new Op.Relu(), builder.add(new Op.Conv2d(Tensor.of(Shape.of(2, 1, 2, 2), HostNetwork.values(random, 8, -1, 1)),
                Tensor.of(Shape.of(2), HostNetwork.values(random, 2, -0.5, 0.5)), Windows.square(2, 1, 0), 1), Graph.Builder.INPUT));
        builder.add(Mlp.dense(8, CLASSES, HostNetwork.values(random, 8 * CLASSES, -1, 1), biases), builder.add(new Op.Flatten(), maps));
        return builder.build();
    }
}

package dev.bulwark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.attack.AttackKind;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.AttackMethod;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import dev.bulwark.bounds.Region;
import dev.bulwark.bounds.Specification;
import dev.bulwark.bounds.Verdict;
import dev.bulwark.data.Norm;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.shapes.ImageShape;
import dev.bulwark.smoothing.Certificate;
import dev.bulwark.smoothing.Certification;
import dev.bulwark.stats.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Claims about networks that can be checked by hand: logit 0 is x0 - x1, logit 1 its negative. */
@DisplayName("Classifier")
class ClassifierTest {

    private static final Graph DIFFERENCE = Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, -1, -1, 1}, new float[2])));
    private static final float[] IMAGE = {0.75f, 0.25f};
    private static final float[] SWAPPED = {0.25f, 0.75f};

    private Device device;
    private Classifier network;

    @BeforeEach
    void open() {
        device = Device.open("cpu");
        network = device.load(DIFFERENCE);
    }

    @AfterEach
    void close() {
        device.close();
    }

    @Test
    void givenImages_whenPredicted_thenEachHasItsClassAndATieTheLowest() {
        assertEquals(List.of(OptionalInt.of(0), OptionalInt.of(1), OptionalInt.of(0)),
                network.predict(List.of(IMAGE, SWAPPED, new float[2])));
        assertEquals(OptionalInt.of(1), network.predict(SWAPPED));
    }

    @Test
    void givenANetworkThatOverflows_whenAsked_thenItGivesNoClass() {
        Classifier overflowing = device.load(Mlp.of(List.of(
                Mlp.dense(1, 1, new float[] {3e38f}, new float[] {3e38f}),
                Mlp.dense(1, 2, new float[] {1, 1}, new float[2]))));
        float[] one = {1};
        assertEquals(OptionalInt.empty(), overflowing.predict(one));
        assertEquals(new AttackResult.Unanswered(), overflowing.attack(one, 0, 0.1));
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void givenTheDistanceToTheOtherClass_whenVerified_thenCertifiedBelowItAndNotAtIt(Method method) {
        assertEquals(new Verdict.Certified(Claim.REAL), network.verify(IMAGE, 0, 0.24, method));
        Class<? extends Verdict> atIt = method == Method.EXACT || method == Method.CASCADE ? Verdict.Falsified.class : Verdict.Undecided.class;
        assertEquals(atIt, network.verify(IMAGE, 0, 0.25, method).getClass());
        Verdict wrong = network.verify(IMAGE, 1, 0.01, method);
        assertEquals(List.of(0.75f, 0.25f), List.of(
                assertInstanceOf(Verdict.Falsified.class, wrong).counterexample()[0],
                assertInstanceOf(Verdict.Falsified.class, wrong).counterexample()[1]));
    }

    @Test
    void givenManyImages_whenVerified_thenAsOneByOneAndAsRegions() {
        List<float[]> images = List.of(IMAGE, SWAPPED, new float[] {0.5f, 0.5f}, IMAGE);
        int[] labels = {0, 1, 0, 1};
        List<Verdict> together = network.verify(images, labels, 0.1, Method.CROWN);
        for (int k = 0; k < labels.length; ++k) {
            assertEquals(together.get(k), network.verify(images.get(k), labels[k], 0.1, Method.CROWN));
            assertEquals(together.get(k), network.verify(Region.around(images.get(k), 0.1),
                    Specification.label(labels[k], 2), Method.CROWN));
        }
    }

    @Test
    void givenTheDistanceToTheOtherClass_whenAttacked_thenBrokenBeyondItAlone() {
        assertEquals(new AttackResult.Standing(), network.attack(IMAGE, 0, 0.2));
        AttackResult.Broken broken = assertInstanceOf(AttackResult.Broken.class, network.attack(IMAGE, 0, 0.3));
        assertEquals(1, broken.prediction());
        assertTrue(broken.distance() > 0.25 && broken.distance() <= 0.3, broken.toString());
        assertEquals(OptionalInt.of(1), network.predict(broken.adversarialImage()));
        assertEquals(new AttackResult.Misclassified(0), network.attack(IMAGE, 1, 0.3));
    }

    @Test
    void givenFarAndNearImages_whenCertified_thenTheRadiusIsCohensAndTheTieAbstains() {
        // The noise x0 - x1 needs is below -0.5 / (0.05 sqrt(2)), 7 standard deviations: all votes agree.
        SmoothingSettings settings = SmoothingSettings.DEFAULT.withSamples(1000).withAlpha(0.01).withSeed(7);
        Certificate.Robust robust = assertInstanceOf(Certificate.Robust.class, network.certify(IMAGE, 0.05, settings));
        assertEquals(0, robust.label());
        double pALower = Math.pow(0.01, 1.0 / 1000);
        assertEquals(0.05 * dev.bulwark.stats.StandardNormal.quantile(pALower), robust.radius(), 1e-6);
        assertEquals(new Certificate.Abstain(), network.certify(new float[] {0.5f, 0.5f}, 0.05,
                settings.withAlpha(1e-6)));
    }

    @Test
    void givenManyImages_whenCertifiedTogether_thenAsOneByOneByTheirIndices() {
        SplittableRandom random = new SplittableRandom(5);
        Classifier wide = device.load(Mlp.random(random, 0.6, 9, 16, 4));
        List<float[]> images = IntStream.range(0, 11).mapToObj(k -> Mlp.values(random, 9, 0, 1)).toList();
        SmoothingSettings settings = SmoothingSettings.DEFAULT.withSamples(300);
        List<Certificate> alone = new ArrayList<>();
        for (int k = 0; k < images.size(); ++k) {
            alone.add(wide.certify(images.get(k), 0.3, settings.withFirstIndex(k)));
        }
        assertEquals(wide.certify(images, 0.3, settings), alone);
    }

    /** Every image stands on the diagonal's far side at l-infinity 0.25, l2 0.5 / sqrt(2) and l1 0.5. */
    @ParameterizedTest
    @EnumSource(AttackKind.class)
    void givenAnyAttack_whenAskedInEveryNorm_thenBrokenBeyondTheDistanceAlone(AttackKind kind) {
        AttackSettings settings = AttackSettings.DEFAULT.withMethod(kind);
        Map<Norm, Double> distances = Map.of(Norm.INF, 0.25, Norm.TWO, Math.sqrt(0.125), Norm.ONE, 0.5);
        distances.forEach((norm, distance) -> {
            if (kind == AttackKind.PGD && norm == Norm.ONE) {
                assertMessage("l1", () -> network.attack(IMAGE, 0, 0.6, norm, settings));
                return;
            }
            assertEquals(new AttackResult.Standing(), network.attack(IMAGE, 0, 0.96 * distance, norm, settings), norm.words());
            if (kind == AttackKind.SQUARE && norm != Norm.INF) {
                return; // moves what one window has to another, and two pixels have none
            }
            AttackResult.Broken broken = assertInstanceOf(AttackResult.Broken.class,
                    network.attack(IMAGE, 0, 1.2 * distance, norm, settings), kind + " in " + norm.words());
            assertTrue(broken.distance() > 0.999 * distance && broken.distance() <= 1.2 * distance, broken.toString());
            assertEquals(OptionalInt.of(1), network.predict(broken.adversarialImage()));
            assertEquals(kind == AttackKind.AUTOATTACK ? AttackMethod.APGD : AttackMethod.valueOf(kind.name()), broken.method());
            assertEquals(kind != AttackKind.FAB_T, broken.loss().isPresent());
        });
    }

    @Test
    void givenTargets_whenAttacked_thenEachClassIsLedTo() {
        AttackSettings settings = AttackSettings.DEFAULT.withTargets(1).withRestarts(2).withSteps(20);
        AttackResult.Broken broken = assertInstanceOf(AttackResult.Broken.class,
                network.attack(IMAGE, 0, 0.3, settings.withLosses(List.of(AttackLoss.MARGIN))));
        assertEquals(Optional.of(AttackLoss.TARGETED_MARGIN), broken.loss());
        assertEquals(Optional.of(AttackLoss.CROSS_ENTROPY), assertInstanceOf(AttackResult.Broken.class,
                network.attack(IMAGE, 0, 0.3, settings)).loss());
    }

    @Test
    void givenWhatAnAttackDoesNotTake_whenAsked_thenRefused() {
        AttackSettings suite = AttackSettings.DEFAULT.withMethod(AttackKind.AUTOATTACK);
        assertMessage("autoattack takes no steps", () -> network.attack(IMAGE, 0, 0.1, suite.withSteps(3)));
        assertMessage("autoattack takes no restarts", () -> network.attack(IMAGE, 0, 0.1, suite.withRestarts(3)));
        AttackSettings square = suite.withMethod(AttackKind.SQUARE);
        assertMessage("square takes no targets", () -> network.attack(IMAGE, 0, 0.1, square.withTargets(3)));
        assertMessage("square takes no losses", () -> network.attack(IMAGE, 0, 0.1, square.withLosses(List.of(AttackLoss.DLR))));
        AttackSettings apgd = suite.withMethod(AttackKind.APGD);
        assertMessage("apgd takes no stepSize", () -> network.attack(IMAGE, 0, 0.1, apgd.withStepSize(0.1)));
        assertMessage("apgd does not climb [MARGIN]", () -> network.attack(IMAGE, 0, 0.1, apgd.withLosses(List.of(AttackLoss.MARGIN))));
        assertMessage("pgd with targets does not climb [DLR]", () -> network.attack(IMAGE, 0, 0.1,
                AttackSettings.DEFAULT.withTargets(1).withLosses(List.of(AttackLoss.DLR))));
        assertMessage("targets must be positive: 0", () -> AttackSettings.DEFAULT.withTargets(0));
        assertMessage("image is", () -> network.attack(IMAGE, 0, 0.1, square.withImage(new ImageShape(1, 2, 2))));
    }

    /** A vote is certain here, so the guess wins each stage, and n votes of n bound the probability as the sequential test has it. */
    @Test
    void givenSequentialSampling_whenCertified_thenItStopsOnceTheRadiiAreSettled() {
        SmoothingSettings settings = SmoothingSettings.DEFAULT.sequentially(List.of(0.05));
        Certification near = network.count(List.of(IMAGE), 0.05, settings).get(0);
        assertEquals(Sampling.SEQUENTIAL, near.sampling());
        assertTrue(near.n() == 10_000 && near.samples() < 100, near.toString());
        double radius = assertInstanceOf(Certificate.Robust.class, near.certificate()).radius();
        double pALower = dev.bulwark.stats.SequentialBound.lower(near.samples(), near.samples(), 0.001);
        assertEquals(0.05 * dev.bulwark.stats.StandardNormal.quantile(pALower), radius, 1e-6);
        assertTrue(radius >= 0.05);
        Certification far = network.count(List.of(IMAGE), 0.05, settings.sequentially(List.of(0.05, 0.13))).get(0);
        assertTrue(far.samples() > near.samples(), "a larger radius takes more samples");
        assertMessage("radii", () -> network.certify(IMAGE, 0.05, settings.sequentially(List.of(-1.0))));
        assertMessage("radii are for sequential sampling",
                () -> new SmoothingSettings.Copies(1, 1, Sampling.FIXED, List.of(1.0)));
    }

    @Test
    void givenNoImages_whenAsked_thenThereAreNoAnswers() {
        assertEquals(List.of(), network.predict(List.of()));
        assertEquals(List.of(), network.certify(List.of(), 0.5, SmoothingSettings.DEFAULT));
        assertEquals(List.of(), network.verify(List.of(), new int[0], 0.1, Method.IBP));
        assertEquals(List.of(), network.attack(List.of(), new int[0], 0.1, AttackSettings.DEFAULT));
    }

    @Test
    void givenBadArguments_whenAsked_thenTheMessageHasBothValues() {
        assertMessage("image 1 has 3 elements, the network takes 2", () -> network.predict(List.of(IMAGE, new float[3])));
        assertMessage("[0.0, 1.0]", () -> network.certify(new float[] {0, 2}, 0.5));
        assertMessage("[0, 2)", () -> network.verify(IMAGE, 2, 0.1, Method.IBP));
        assertMessage("1 labels for 2 images", () -> network.attack(List.of(IMAGE, IMAGE), new int[1], 0.1,
                AttackSettings.DEFAULT));
        assertMessage("samples must be positive: 0", () -> SmoothingSettings.DEFAULT.withSamples(0));
        assertMessage("alpha", () -> SmoothingSettings.DEFAULT.withAlpha(1));
        assertMessage("restarts must be positive: -1", () -> AttackSettings.DEFAULT.withRestarts(-1));
    }

    private static void assertMessage(String part, Runnable asked) {
        String message = assertThrows(IllegalArgumentException.class, asked::run).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void givenEveryKindOfCall_whenTheNetworkIsClosed_thenAllMemoryIsBack() {
        network.close();
        assertEquals(0, device.liveBytes());
        Classifier other = device.load(DIFFERENCE);
        other.predict(IMAGE);
        other.certify(IMAGE, 0.5, SmoothingSettings.DEFAULT.withSamples(10));
        other.certify(IMAGE, 0.25, SmoothingSettings.DEFAULT.withSamples(10));
        for (Method method : Method.values()) {
            other.verify(IMAGE, 0, 0.1, method);
        }
        other.attack(IMAGE, 0, 0.1, AttackSettings.DEFAULT.withRestarts(1));
        other.attack(IMAGE, 0, 0.2, AttackSettings.DEFAULT.withRestarts(1));
        other.close();
        other.close();
        assertEquals(0, device.liveBytes());
    }

    @Test
    void givenALoadedNetwork_whenTheDeviceIsClosed_thenSoIsTheNetwork() {
        device.close();
        assertThrows(IllegalStateException.class, () -> network.predict(IMAGE));
        assertThrows(IllegalStateException.class, () -> network.verify(IMAGE, 0, 0.1, Method.IBP));
        assertThrows(IllegalStateException.class, () -> device.load(DIFFERENCE));
    }
}

package dev.bulwark.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The checker on networks that are checked by hand, and on certificates that somebody has altered. */
class CheckerTest {

    /** relu(x0 - x1) + relu(x1 - x0) = |x0 - x1| against a constant. */
    private static final Graph DISTANCE = distance(0.25f);

    private Network network;
    private final Image image = Image.of(true, new float[] {51 / 255f, 204 / 255f});
    private String line;

    private static Graph distance(float level) {
        return Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, -1, -1, 1}, new float[] {0, 0}),
                Mlp.dense(2, 2, new float[] {1, 1, 0, 0}, new float[] {0, level})));
    }

    @BeforeEach
    void completeACertificate() {
        network = Fixture.network(DISTANCE);
        // |x0 - x1| is 0.6, so that it is at least 0.4 within 0.1, and exceeds 0.25 by 0.15.
        line = CertificateText.write(new Prover(network, Prover.Effort.DEFAULT).complete(
                Fixture.claim(network, image, 0, "0.1", 1e-9), image));
    }

    private Checker.Result check(String altered) {
        return Fixture.check(network, image, altered);
    }

    @Test
    void givenANetworkByHand_whenChecked_thenTheMarginIsItsOwn() {
        Checker.Result result = check(line);
        assertEquals(Checker.Outcome.PROVEN, result.outcome(), result.reason());
        assertEquals(0.15, result.margins()[1], 1e-12);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "\"model_sha256\":\"....|\"model_sha256\":\"0000|model_sha256",
        "\"image_sha256\":\"....|\"image_sha256\":\"0000|image_sha256",
        "\"epsilon\":\"0.1\"|\"epsilon\":\"0.2\"|to be at least",
        "\"epsilon\":\"0.1\"|\"epsilon\":\"-0.1\"|epsilon",
        "\"epsilon\":\"0.1\"|\"epsilon\":\"1e-999999999\"|epsilon",
        "\"epsilon\":\"0.1\"|\"epsilon\":\"1e399\"|epsilon",
        "\"epsilon\":\"0.1\"|\"epsilon\":\"1/0\"|epsilon",
        "\"norm\":\"inf\"|\"norm\":\"0\"|norm",
        "\"label\":0|\"label\":1|margin_lower",
        "\"label\":0|\"label\":7|margin_lower",
        "null,0|null,1|margin_lower claims",
        "null,0|null,-0|verdict is certified, but",
        "\"verdict\":\"certified\"|\"verdict\":\"falsified\"|belongs to verdict",
        "\"verdict\":\"certified\"|\"verdict\":\"robust\"|verdict",
        "\"claim\":\"real\"|\"claim\":\"deployed\"|claim deployed: not checked here",
        "\"centre\":\"byte\"|\"centre\":\"float\"|image_sha256",
        "\"format\"|\"index\":0,\"format\"|is not JSON",
        "\"centre\"|\"sentre\"|that certificates don't have"})
    void givenAnAlteredField_whenChecked_thenItIsNotProvenAndTheFieldIsNamed(String field, String other, String named) {
        Checker.Result result = check(line.replaceFirst(field, other));
        assertNotEquals(Checker.Outcome.PROVEN, result.outcome());
        assertTrue(result.reason().contains(named), result.reason());
        assertEquals(1, result.reason().lines().count());
    }

    @Test
    void givenAnotherWeightByOneUlp_whenChecked_thenTheNetworkDiffers() {
        Checker.Result result = Fixture.check(Fixture.network(distance(Math.nextUp(0.25f))), image, line);
        assertEquals(Checker.Outcome.DIFFERS, result.outcome());
        assertTrue(result.reason().contains("model_sha256"), result.reason());
    }

    /** The rule for all leaves it open at this distance; splitting both units proves it. */
    private String splitAtBothUnits() {
        Network close = Fixture.network(Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, 0, 0, 1}, new float[] {-0.5f, -0.5f}),
                Mlp.dense(2, 2, new float[] {-1, -1, 0, 0}, new float[] {0.125f, 0}))));
        network = close;
        return CertificateText.write(Fixture.claim(close, image, 0, "0.2", 1e-9));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "{\"layer\":0,\"unit\":0,\"at\":0.0,\"below\":{}}|lacks one of its two parts",
        "{\"layer\":0,\"unit\":0,\"at\":0.0,\"below\":{},\"below\":{},\"above\":{}}|is not JSON",
        "{\"layer\":0,\"unit\":9,\"at\":0.0,\"below\":{},\"above\":{}}|which can't be",
        "{\"layer\":5,\"unit\":0,\"at\":0.0,\"below\":{},\"above\":{}}|which can't be",
        "{\"layer\":0,\"unit\":0,\"at\":1e999,\"below\":{},\"above\":{}}|at holds something other than numbers",
        "{\"layer\":0,\"unit\":0,\"at\":0.0,\"below\":{\"multipliers\":[-1.0]},\"above\":{}}|multiplier is negative",
        "{\"layer\":0,\"unit\":0,\"at\":0.0,\"below\":{\"multipliers\":[1.0,1.0]},\"above\":{}}|more multipliers than splits",
        "{\"slopes\":\"AAAA\"}|slopes, but there are",
        "{\"slopes\":\"?\"}|base 64",
        "{\"bound\":1.0}|that certificates don't have",
        "7|is no object"})
    void givenAMalformedProof_whenChecked_thenItIsNotProven(String tree, String named) {
        String claim = splitAtBothUnits();
        String altered = claim.substring(0, claim.length() - 1) + ",\"proof\":{\"open\":[\"Aw==\"],\"margins\":{\"1\":"
                + tree + "}}}";
        Checker.Result result = check(altered);
        assertNotEquals(Checker.Outcome.PROVEN, result.outcome());
        assertTrue(result.reason().contains(named), result.reason());
    }

    @Test
    void givenSplitsBelowOneAnotherWithoutEnd_whenRead_thenTheyAreRefused() {
        String open = "{\"layer\":0,\"unit\":0,\"at\":0.0,\"below\":{},\"above\":";
        String altered = splitAtBothUnits().replaceFirst("}$", ",\"proof\":{\"open\":[],\"margins\":{\"1\":"
                + open.repeat(900) + "{}"
                + "}".repeat(900) + "}}}");
        assertEquals(Checker.Outcome.DIFFERS, check(altered).outcome());
    }

    @Test
    void givenAMarginThatTheRulesLeaveOpen_whenItsTreeIsGiven_thenItIsProven() {
        // y = x^2-like: relu(x - 0.5) + relu(0.5 - x) = |x - 0.5| >= 0 must exceed -0.05, where lines say no.
        network = Fixture.network(Mlp.of(List.of(Mlp.dense(1, 2, new float[] {1, -1}, new float[] {-0.5f, 0.5f}),
                Mlp.dense(2, 2, new float[] {-1, -1, 0, 0}, new float[] {0.3f, 0}))));
        Image middle = Image.of(false, new float[] {0.5f});
        // 0.3 - |x - 0.5| is at least 0.05 within 0.25; two lines above each ReLU sum up to the same 0.25, lines below play no part.
        Checker.Result result = Fixture.check(network, middle, CertificateText.write(
                new Prover(network, Prover.Effort.DEFAULT).complete(Fixture.claim(network, middle, 0, "0.25", 1e-9),
                        middle)));
        assertEquals(Checker.Outcome.PROVEN, result.outcome(), result.reason());
        // |x - 0.5| + 0.05 > 0: with slopes 0 the form is constant and proves it; with slopes 1 it is 0.05 - 0.5 at the left end.
        network = Fixture.network(Mlp.of(List.of(Mlp.dense(1, 2, new float[] {1, -1}, new float[] {-0.5f, 0.5f}),
                Mlp.dense(2, 2, new float[] {1, 1, 0, 0}, new float[] {0.05f, 0}))));
        Certificate claim = Fixture.claim(network, middle, 0, "0.25", 1e-9);
        for (byte slope : new byte[] {0, (byte) 255}) {
            Proof proof = new Proof(new int[][] {{0, 1}}, List.of(), Map.of(1, new Proof.Leaf(new byte[] {slope, 0}, new double[0])));
            Proof split = new Proof(new int[][] {{0, 1}}, List.of(), Map.of(1, new Proof.Split(0, 0, 0, proof.margins().get(1),
                    proof.margins().get(1))));
            for (Proof each : List.of(proof, split)) {
                String text = CertificateText.write(new Certificate(0, 0, claim.ball(), claim.by(), claim.bound(),
                        claim.verdict(),
                        claim.marginLower(), Optional.empty(), each));
                assertEquals(Checker.Outcome.PROVEN, Fixture.check(network, middle, text).outcome());
            }
        }
    }

    private Checker.Result witness(String epsilon, double... point) {
        Certificate falsified = new Certificate(0, 0, new Certificate.Region(epsilon, "inf"),
                new Certificate.Origin("exact", "real"),
                new Certificate.Digests(network.sha256(), image.sha256(), true), Certificate.Verdict.FALSIFIED, List.of(),
                Optional.of(point), Proof.NONE);
        return check(CertificateText.write(falsified));
    }

    @Test
    void givenWitnesses_whenChecked_thenOnlyThoseThatBreakTheNetworkWithinTheBallAreProven() {
        assertEquals(Checker.Outcome.PROVEN, witness("0.2", 0.375f, 0.625f).outcome(), "0.25 is not more than 0.25");
        assertEquals("the label leads at the witness", witness("0.2", 0.25f, 0.75f).reason());
        assertEquals("the label leads at the witness", witness("0.2", 0.375f, Math.nextUp(0.625f)).reason());
        assertEquals("witness does not lie in the ball", witness("0.1", 0.375f, 0.625f).reason());
        assertEquals("witness does not lie in the ball", witness("0.17499999999999999", 0.375, 0.625).reason());
        assertEquals(Checker.Outcome.PROVEN, witness("0.175", 0.375, 0.625).outcome());
        assertTrue(witness("0.2", 0.375f).reason().contains("elements"));
    }

    @Test
    void givenBytesAndFractions_whenTheBallIsMade_thenItsEndsAreNextToTheExactOnes() {
        Ball ball = new Ball(Image.of(true, new float[] {1 / 255f, 1}), "1/3", "inf");
        assertEquals(0, ball.box().lower()[0]);
        assertEquals(1 / 255.0 + 1 / 3.0, ball.box().upper()[0], 1e-15);
        assertTrue(ball.holds(new double[] {1 / 3.0, 1}));
        assertEquals(1, ball.box().upper()[1]);
    }
}

package dev.bulwark.runs;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.bounds.Method;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Epsilon;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Mlp;
import dev.bulwark.results.AttackRow.RealNetwork;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SoundnessCheck;
import dev.bulwark.results.SoundnessException;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A certified image that is broken: whose fault it is depends on what the real-number network does there. */
class DifferenceOfClaimsTest {

    private static final double EPSILON = 0.1;
    /** One black pixel, label 1. */
    private static final Dataset BLACK = Dataset.of("black", new ImageShape(1, 1, 1), 2, new byte[] {0}, new byte[] {1});

    @TempDir
    private Path folder;

    /**
     * Logits omega + 1/2 and omega + drop x + {@code height}, with omega = 2^24, where floats are 2 apart: a float sum is
     * rounded to omega + 2 above height 1 and to omega below, where the two are equal and the first of them wins.
     */
    private static Graph cancelling(float height, float drop) {
        return Mlp.of(List.of(Mlp.dense(1, 2, new float[] {0, drop}, new float[] {1, height}),
                Mlp.dense(2, 2, new float[] {0.5f, 0, 0, 1}, new float[] {0x1p24f, 0x1p24f})));
    }

    private AttackRow attacked(Graph network, boolean certified) throws IOException {
        try (CpuBackend backend = CpuBackend.create();
             Fleet fleet = new Fleet(List.of(backend), "the CPU");
             RowFile<AttackRow> rows = RowFile.replace(folder.resolve("pgd.jsonl"), AttackRow.FORMAT)) {
            Attack.run(fleet, new Subject(network, BLACK, new int[] {0}),
                    Attack.settings(BLACK.ball(Epsilon.of(EPSILON)), 10, EPSILON / 10, 5, 0, Attack.BOTH_LOSSES),
                    index -> certified, rows, new AttackTotals(), Monitor.SILENT);
        }
        return RowFile.read(folder.resolve("pgd.jsonl"), AttackRow.FORMAT).get(0);
    }

    private BoundsRow bounded(Graph network) throws IOException {
        try (CpuBackend backend = CpuBackend.create();
             Fleet fleet = new Fleet(List.of(backend), "the CPU");
             RowFile<BoundsRow> rows = RowFile.replace(folder.resolve("ibp.jsonl"), BoundsRow.FORMAT)) {
            Verify.run(fleet, new Subject(network, BLACK, new int[] {0}), Epsilon.of(EPSILON), Method.IBP, 0, rows,
                    Monitor.SILENT);
        }
        return RowFile.read(folder.resolve("ibp.jsonl"), BoundsRow.FORMAT).get(0);
    }

    private void check(BoundsRow bounds, AttackRow... attacks) {
        SoundnessCheck.of(List.of(bounds), List.of(attacks), folder.resolve("pgd.jsonl"));
    }

    @Test
    void givenFloatRoundingAlone_whenACertifiedImageBreaks_thenTheRowSaysThatTheRealNetworkStands() throws IOException {
        Graph network = cancelling(1.02f, -0.4f);
        BoundsRow bounds = bounded(network);
        AttackRow attack = attacked(network, true);
        assertTrue(bounds.certified() && bounds.cleanCorrect() && bounds.realNetwork().isEmpty(), bounds.toString());
        assertTrue(attack.broken() && attack.cleanCorrect(), attack.toString());
        assertEquals(Optional.of(RealNetwork.STANDS), attack.realNetwork());
        assertDoesNotThrow(() -> check(bounds, attack));
        assertEquals(Optional.empty(), attacked(network, false).realNetwork(), "no certificate, no claim");
        assertThrows(SoundnessException.class, () -> check(bounds, attacked(network, false)),
                "nor does the row say anything");
    }

    @Test
    void givenTheRealNetworkBreakingToo_whenACertificateIsForged_thenTheRowSaysSoAndTheCheckFails() throws IOException {
        Graph network = cancelling(1.02f, -20);
        AttackRow attack = attacked(network, true);
        assertTrue(attack.broken() && attack.cleanCorrect(), attack.toString());
        assertEquals(Optional.of(RealNetwork.BREAKS), attack.realNetwork());
        BoundsRow unaltered = bounded(network);
        assertDoesNotThrow(() -> check(unaltered, attack), "not certified");
        BoundsRow forged = BoundsRow.of(new CleanPrediction(0, 1, 1), EPSILON, Method.IBP,
                new BoundsRow.Bounds(unaltered.lower(), unaltered.upper(), List.of(1.0, 0.0)));
        String message = assertThrows(SoundnessException.class, () -> check(forged, attack)).getMessage();
        assertTrue(message.contains("pgd.jsonl: ") && message.contains("image 0 (label 1, classified 0 at distance"),
                message);
        assertTrue(message.contains("the real-number network breaks too"), message);
    }

    @Test
    void givenACertifiedImageThatFloatRoundingGetsWrongAsItIs_whenChosenAndAttacked_thenItsRowSaysSo() throws IOException {
        Graph network = cancelling(0.9f, 0);
        BoundsRow bounds = bounded(network);
        assertTrue(bounds.certified() && !bounds.cleanCorrect(), bounds.toString());
        assertEquals(1, AttackChoice.OPEN.of(List.of(bounds)).length);
        AttackRow attack = attacked(network, true);
        assertEquals(Optional.of(RealNetwork.STANDS), attack.realNetwork());
        assertEquals(Optional.of(0.0), attack.linf());
        assertDoesNotThrow(() -> check(bounds, attack));
    }

    @Test
    void givenSuchAnImage_whenNotAttacked_thenItsBoundsSaySoAloneAndOnlyThenTheCheckPasses() throws IOException {
        BoundsRow bounds = bounded(cancelling(0.9f, 0));
        assertEquals(Optional.of(RealNetwork.STANDS), bounds.realNetwork());
        assertDoesNotThrow(() -> check(bounds));
        BoundsRow silent = BoundsRow.of(new CleanPrediction(0, 1, bounds.cleanPrediction()), EPSILON, bounds.method(),
                new BoundsRow.Bounds(bounds.lower(), bounds.upper(), bounds.marginLower()));
        assertThrows(SoundnessException.class, () -> check(silent));
        assertThrows(SoundnessException.class, () -> check(silent.with(RealNetwork.BREAKS)));
    }
}

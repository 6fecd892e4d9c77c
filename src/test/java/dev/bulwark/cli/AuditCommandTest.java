package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.data.NpyBytes;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code verify --certificates}, {@code certify --certificates} and {@code audit} of what these write. */
class AuditCommandTest {

    /** Of the images: the network's first class is |x0 - x1|, its second 1/4. */
    private static final float[] PIXELS = {0.1f, 0.9f, 0.9f, 0.2f, 0.5f, 0.5f, 0.3f, 0.6f};

    @TempDir
    private Path folder;
    private Path model;
    private Path rows;
    private Path proofs;
    private Object[] data;

    @BeforeEach
    void writeFiles() throws IOException {
        model = folder.resolve("m.safetensors");
        ModelFile.write(model, Mlp.of(List.of(Mlp.dense(2, 2, new float[] {1, -1, -1, 1}, new float[] {0, 0}),
                Mlp.dense(2, 2, new float[] {1, 1, 0, 0}, new float[] {0, 0.25f}))), Precision.F32, Map.of());
        Path images = Files.write(folder.resolve("x.npy"), NpyBytes.floats(PIXELS, 4, 1, 1, 2));
        Path labels = Files.write(folder.resolve("y.npy"), NpyBytes.labels(0, 0, 1, 0));
        rows = folder.resolve("rows.jsonl");
        proofs = folder.resolve("proofs.jsonl");
        data = new Object[] {"--data", images, "--labels", labels, "--quiet"};
    }

    private Outcome run(Object... words) {
        return Outcome.of(WholeCommands.with(words, data));
    }

    private Outcome verify(String method, Path to, Object... more) {
        return run(WholeCommands.with(new Object[] {"verify", model, "--epsilon", "0.05", "--method", method, "--device",
                "cpu", "--out",
            rows, "--certificates", to}, more)).done();
    }

    private Outcome audit(Path file, Object... more) {
        return run(WholeCommands.with(new Object[] {"audit", file, "--model", model}, more));
    }

    @Test
    void givenCertificatesOfEveryMethod_whenAudited_thenAllAreProven() throws IOException {
        for (String method : List.of("ibp", "crown-ibp", "crown", "alpha-crown", "exact")) {
            verify(method, proofs, "--overwrite");
            Outcome outcome = audit(proofs).done();
            assertTrue(outcome.out().matches("(?s)4 rows: " + method + ", inf ball of 0.05\n\\d of 4 rows proven again.*a row\n"), outcome.out());
            assertEquals(4, Files.readAllLines(proofs).size());
        }
        Path packed = folder.resolve("proofs.jsonl.gz");
        verify("exact", packed, "--overwrite");
        Path out = folder.resolve("audit.jsonl");
        assertTrue(audit(packed, "--out", out).done().out().contains("\n4 of 4 rows proven again; "));
        assertEquals(4, Files.readAllLines(out).size());
        audit(packed, "--out", out).failed(2, "exists");
    }

    @Test
    void givenARunThatWasStopped_whenResumed_thenTheMissingCertificatesFollow() throws IOException {
        verify("crown", proofs);
        List<String> all = Files.readAllLines(proofs);
        Files.writeString(proofs, all.get(0) + "\n" + all.get(1).substring(0, 50));
        verify("crown", proofs, "--resume");
        assertEquals(all, Files.readAllLines(proofs));
    }

    /** Packed or not, certificates follow rows that a longer run adds. */
    @Test
    void givenMoreImages_whenResumed_thenTheirCertificatesAreAdded() throws IOException {
        for (String name : List.of("a.jsonl", "a.jsonl.gz")) {
            Path to = folder.resolve(name);
            verify("ibp", to, "--limit", 2, "--overwrite");
            verify("ibp", to, "--limit", 4, "--resume");
            String said = audit(to).done().out();
            assertTrue(said.contains("4 rows: ibp, inf ball of 0.05"), said);
        }
    }

    /** Certificates of another run are no certificates of these rows, although the network and the radius are the same. */
    @Test
    void givenCertificatesOfAnotherRun_whenResumed_thenRefusedAndTheyStay() throws IOException {
        for (Object[] other : new Object[][] {{"crown"}, {"ibp", "--norm", 2}}) {
            Path to = folder.resolve("other.jsonl");
            verify((String) other[0], to, WholeCommands.with(Arrays.copyOfRange(other, 1, other.length), "--overwrite"));
            byte[] before = Files.readAllBytes(to);
            Path others = folder.resolve("others.jsonl");
            run("verify", model, "--epsilon", "0.05", "--method", "ibp", "--device", "cpu", "--out", others, "--overwrite").done();
            run("verify", model, "--epsilon", "0.05", "--method", "ibp", "--device", "cpu", "--out", others, "--certificates", to,
                    "--resume").failed(2, "can't resume: the certificate for index 0 is another run's");
            assertTrue(Arrays.equals(before, Files.readAllBytes(to)));
        }
    }

    @Test
    void givenARadiusOfTooManyDigits_whenCertificatesAreAskedFor_thenRefusedBeforeAnythingIsComputed() {
        run("verify", model, "--epsilon", "0.0" + "1".repeat(450), "--method", "ibp", "--device", "cpu", "--out", rows,
                "--certificates", proofs).failed(3, "epsilon has 453 characters, and certificates have numbers of at most 400");
        assertTrue(Files.notExists(rows) && Files.notExists(proofs));
    }

    /** JSON is JSON, however others write it. */
    @Test
    void givenCertificatesWithBlanks_whenAudited_thenTheyAreRead() throws IOException {
        verify("crown", proofs);
        List<String> spaced = Files.readAllLines(proofs).stream().map(line -> " " + line.replace("\":", "\" : ")).toList();
        assertTrue(audit(Files.write(proofs, spaced)).done().out().contains(" of 4 rows proven again"));
    }

    @Test
    void givenAlteredRows_whenAudited_thenEachIsNamedAndItEndsWith1() throws IOException {
        verify("exact", proofs);
        List<String> all = Files.readAllLines(proofs);
        all.set(1, all.get(1).replaceFirst("\"epsilon\":\"0.05\"", "\"epsilon\":\"0.4\""));
        all.set(2, all.get(2).replaceFirst("\"label\":1", "\"label\":0"));
        all.add(all.get(0));
        Files.write(proofs, all);
        Outcome outcome = audit(proofs);
        assertEquals(1, outcome.code());
        for (String named : List.of("line 2 (index 1): not proven", "line 3 (index 2): differs",
                "line 5 (index 0): differs: there is a row",
                "2 of 5 rows proven again, 1 not proven, 2 differs")) {
            assertTrue(outcome.out().contains(named), outcome.out());
        }
    }

    @Test
    void givenFilesThatAreNoCertificates_whenAudited_thenOneLineSaysSo() throws IOException {
        verify("crown", proofs);
        byte[] whole = Files.readAllBytes(proofs);
        audit(Files.write(folder.resolve("cut.jsonl"), Arrays.copyOf(whole, whole.length - 5))).failed(3,
                "cut off in line 4");
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(whole);
        }
        audit(Files.write(folder.resolve("cut.gz"), Arrays.copyOf(packed.toByteArray(), packed.size() / 2))).failed(3,
                "cut off");
        audit(Files.writeString(folder.resolve("foreign.jsonl"), new String(whole) + "{\"index\":7}\n")).failed(3,
                "line 5 is no certificate");
        audit(rows).failed(3, "line 1 is no certificate");
        audit(Files.write(folder.resolve("empty.jsonl"), new byte[0])).failed(3, "is empty");
        assertTrue(audit(folder.resolve("none.jsonl")).code() != 0);
    }

    @Test
    void givenANetworkThatTheCheckerCannotRead_whenVerified_thenItSaysSoBeforeAnythingIsComputed() {
        Path onnx = folder.resolve("m.onnx");
        Outcome.of("convert", model, onnx).done();
        run("verify", onnx, "--epsilon", "0.05", "--method", "crown", "--device", "cpu", "--out", rows, "--certificates",
                proofs)
                .failed(3, "bulwark convert");
        run("verify", model, "--largest", "--device", "cpu", "--out", rows, "--certificates", proofs).failed(2, "--largest");
        run("verify", model, "--epsilon", "0.05", "--mean", "0.5", "--std", "0.5", "--device", "cpu", "--out", rows,
                "--certificates", proofs)
                .failed(2, "--mean");
    }

    @Test
    void givenSmoothingCertificates_whenAudited_thenStatisticsAndNoiseAreChecked() throws IOException {
        Path votes = folder.resolve("votes.jsonl");
        run("certify", model, "--sigma", "0.1", "--n0", "20", "--n", "200", "--device", "cpu", "--precision", "fp32",
                "--out",
                folder.resolve("votes.tsv"), "--certificates", votes).done();
        Object[] here = {"--device", "cpu", "--precision", "fp32"};
        assertEquals("4 of 4 rows supported by their votes; noise of 3 drawn again, with the same votes for 3\n",
                audit(votes, here).done().out());
        String text = Files.readString(votes);
        Files.writeString(votes, text.replaceFirst("\"radius\":0[.]1", "\"radius\":0.3"));
        Outcome outcome = audit(votes, here);
        assertEquals(1, outcome.code());
        assertTrue(outcome.out().contains("differs: radius claims"), outcome.out() + text);
        Files.writeString(votes, text.replace("\"seed\":0", "\"seed\":1"));
        outcome = audit(votes, WholeCommands.with(here, "--redraw", "4"));
        assertEquals(1, outcome.code());
        assertTrue(outcome.out().contains("drawn again from seed 1"), outcome.out());
    }
}

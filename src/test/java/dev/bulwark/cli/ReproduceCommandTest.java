package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.Split;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.BoundsRow;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.CleanPrediction;
import dev.bulwark.results.RowFile;
import dev.bulwark.results.SampleRows;
import dev.bulwark.stats.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Both tables, and the trade-off, from generated images: what a run folder holds, and what stops a run. */
class ReproduceCommandTest extends WholeCommands {

    @Test
    void givenTinySettings_whenReproduced_thenTablesReportAndProvenanceAreThere() throws IOException {
        Path run = folder.resolve("run");
        Outcome outcome = done("reproduce", "--dataset", "digits", "--train-limit", 400, "--sigma", "0.25", "--epsilon",
                "0.05", "--n0", 10, "--n", 50, "--steps", 2, "--restarts", 1, "--limit", 20, "--exact-timeout", 1, "--exact-budget", 2,
                "--out", run, "--quiet");
        assertTrue(outcome.out().contains("not MNIST"), outcome.out());
        for (String file : List.of("run.json", "table1.csv", "table1.md", "table1.tex", "table1.json", "table2.csv",
                "table2.md", "table2.tex", "table2.json", "report.html", "figures", "gallery.json",
                "smoothing/sigma-0.25.tsv", "ibp/epsilon-0.05.jsonl", "cascade/epsilon-0.05.jsonl", "pgd/epsilon-0.05.jsonl")) {
            assertTrue(Files.exists(run.resolve(file)), file);
        }
        JsonNode table1 = JSON.readTree(run.resolve("table1.json").toFile());
        assertEquals("digits", table1.get("dataset").asText());
        assertEquals(20, table1.get("images").asInt());
        JsonNode row = table1.get("rows").get(0);
        assertTrue(row.has("sigma") && row.has("clean_accuracy") && row.get("certified").has("0.25")
                && row.get("certified").has("0.50") && row.get("certified").has("1.00") && row.has("abstain_rate")
                && row.has("reported") && row.has("published"), row.toString());
        JsonNode table2 = JSON.readTree(run.resolve("table2.json").toFile()).get("rows").get(0);
        assertTrue(table2.has("epsilon") && table2.has("clean_accuracy") && table2.has("ibp_certified")
                && table2.has("ibp_certified_by_box") && table2.has("pgd_accuracy"), table2.toString());
        assertHoldsTheCascade(run, table2);
        JsonNode record = JSON.readTree(run.resolve("run.json").toFile());
        assertTrue(record.has("command") && record.has("seed") && record.has("device") && record.has("versions")
                && record.has("models") && record.has("timings") && record.has("finished"), record.toString());

        assertEquals("both", record.at("/identity/pgd_loss").asText());
        String before = Files.readString(run.resolve("table2.md"));
        assertTrue(before.contains("PGD: 2 steps of epsilon/10 from each of 1 random starting points up the cross-entropy"));
        assertTrue(before.contains("\n- IBP and PGD on 20 of") && before.contains("\n- PGD attacks the images")
                && !before.contains("andomized smoothing on") && !before.contains("at most 100 at each epsilon"), before);
        String smoothing = Files.readString(run.resolve("table1.md"));
        assertTrue(smoothing.contains("\n- Randomized smoothing on 20 of") && !smoothing.contains("\n- PGD")
                && !smoothing.contains("\n- IBP"), smoothing);
        Files.delete(run.resolve("table2.md"));
        done("report", run);
        assertEquals(before, Files.readString(run.resolve("table2.md")));
        assertHasTheColumnsWithNothingLeftOpen(run);
    }

    /** Where IBP certifies every image a cascade has no row, and its figures are IBP's. */
    private void assertHasTheColumnsWithNothingLeftOpen(Path run) throws IOException {
        Path bounds = run.resolve("ibp/epsilon-0.05.jsonl");
        List<String> certified = Files.readAllLines(bounds).stream().filter(line -> line.contains("\"certified\":true")).toList();
        assertFalse(certified.isEmpty());
        Files.write(bounds, certified);
        Files.write(run.resolve("cascade/epsilon-0.05.jsonl"), new byte[0]);
        Files.delete(run.resolve("pgd/epsilon-0.05.jsonl"));
        done("report", run);
        JsonNode line = JSON.readTree(run.resolve("table2.json").toFile()).get("rows").get(0);
        assertEquals(100, line.get("exact_certified").asDouble(), line.toString());
        assertEquals(0, line.get("undecided").asDouble());
    }

    /** Every image has an answer or a reason, and the figures of stronger methods are no lower. */
    private static void assertHoldsTheCascade(Path run, JsonNode line) throws IOException {
        double before = line.get("ibp_certified").asDouble();
        for (String figure : List.of("crown_certified", "alpha_crown_certified", "exact_certified")) {
            assertTrue(line.get(figure).asDouble() >= before, line.toString());
            before = line.get(figure).asDouble();
        }
        assertTrue(line.get("strongest_attack_accuracy").asDouble() <= line.get("pgd_accuracy").asDouble()
                && line.has("undecided") && line.get("pgd_seconds").asDouble() > 0, line.toString());
        List<BoundsRow> open = RowFile.read(run.resolve("cascade/epsilon-0.05.jsonl"), BoundsRow.FORMAT);
        Set<Integer> certified = RowFile.read(run.resolve("ibp/epsilon-0.05.jsonl"), BoundsRow.FORMAT).stream()
                .filter(BoundsRow::certified).map(BoundsRow::index).collect(Collectors.toSet());
        assertEquals(20, open.size() + certified.size());
        assertTrue(open.stream().noneMatch(row -> certified.contains(row.index())));
        assertTrue(open.stream().allMatch(row -> row.decidedBy().isPresent() != row.reason().isPresent()));
        assertEquals(open.size(), JSON.readTree(run.resolve("run.json").toFile()).at("/stages/0.05/ibp/images").asInt());
    }

    @Test
    void givenMoreSamplesForSomeImages_whenReproduced_thenARowOfItsOwn() throws IOException {
        Path run = folder.resolve("run");
        Path models = Files.createDirectory(folder.resolve("models"));
        for (String name : List.of("smoothing-sigma-0.25", "smoothing-sigma-4.00", "ibp-epsilon-0.05")) {
            Files.copy(model, models.resolve(name + ".safetensors"));
        }
        Object[] common = {"reproduce", "--dataset", "digits", "--models", models, "--epsilon", "0.05", "--n0", 5,
            "--steps", 1, "--restarts", 1, "--limit", 10, "--no-exact", "--out", run, "--quiet", "--sampling", "fixed", "--sigma"};
        done(with(common, "0.25,4", "--n", 50, "--deep-n", 400, "--deep-images", 4));
        assertEquals(List.of("0", "2", "5", "7"), Files.readAllLines(run.resolve("smoothing/sigma-0.25-n-400.tsv")).stream()
                .skip(1).map(line -> line.split("\t")[0]).toList());
        assertFalse(Files.exists(run.resolve("smoothing/sigma-4.00-n-400.tsv")), "50 samples reach r = 1 there");
        JsonNode table = JSON.readTree(run.resolve("table1.json").toFile());
        assertEquals(List.of("0.25 50 10", "0.25 400 4", "4.0 50 10"), table.get("rows").findValues("n").size() == 3
                ? Stream.of(0, 1, 2).map(k -> table.get("rows").get(k)).map(row -> row.get("sigma").asText() + " "
                        + row.get("n").asText() + " " + row.get("images").asText()).toList() : List.of());
        assertTrue(table.get("scope").toString().contains("Certificates with n = 400 at sigma 0.25 on 4 of smoothing's "
                + "images"));
        fails(2, "has deep \"n = 400 on 4 images\", now it is \"n = 500 on 20 images\"",
                with(common, "0.25,4", "--n", 50, "--deep-n", 500, "--resume"));
        fails(2, "400 is no more than --n 500", with(common, "0.25,4", "--n", 500, "--deep-n", 400, "--overwrite"));
        fails(2, "50 reach it at [4.0]", with(common, "4", "--n", 50, "--deep-n", 400, "--overwrite"));
        fails(2, "--deep-images must be at least 1", with(common, "4", "--deep-n", 20_000, "--deep-images", 0,
                "--overwrite"));
        fails(2, "add that, or drop it", with(common, "4", "--deep-images", 3, "--overwrite"));
    }

    @Test
    void givenSeveralWeights_whenTradedOff_thenAPointEachAndAResumedRunTrainsOnlyWhatIsNew() throws IOException {
        Path run = folder.resolve("tradeoff");
        Object[] common = {"tradeoff", "--dataset", "digits", "--epsilon", 0.05, "--hidden", 16, "--train-limit", 300,
            "--limit", 60, "--out", run, "--kappas"};
        Outcome first = done(with(common, "0,0.5"));
        assertTrue(first.out().contains("not MNIST") && first.out().contains("claims 98.7% clean with 96.2% certified"),
                first.out());
        for (String file : List.of("run.json", "models/kappa-0.00.safetensors", "models/kappa-0.50.safetensors",
                "tradeoff.csv", "tradeoff.md", "tradeoff.tex", "tradeoff.json", "figures/tradeoff.svg",
                "figures/tradeoff.png")) {
            assertTrue(Files.exists(run.resolve(file)), file);
        }
        JsonNode table = JSON.readTree(run.resolve("tradeoff.json").toFile());
        assertEquals(0.05, table.get("epsilon").asDouble());
        assertEquals(98.7, table.at("/claimed/clean_accuracy").asDouble());
        assertEquals(List.of("0.0", "0.5"), table.get("rows").findValuesAsText("kappa"));
        assertEquals(60, table.at("/rows/1/image_counts/ibp_certified").asInt());
        byte[] network = Files.readAllBytes(run.resolve("models/kappa-0.50.safetensors"));
        String provenance = ModelFile.read(run.resolve("models/kappa-0.50.safetensors")).metadata().get("recipe");
        assertTrue(provenance.contains("end=0.5"), provenance);

        fails(2, "already holds a run", with(common, "0,0.5"));
        fails(2, "has hidden [16]", Arrays.stream(with(common, "0", "--resume")).map(word -> word.equals(16) ? 17 : word)
                .toArray());
        Outcome second = done(with(common, "0.5,1", "--resume"));
        assertTrue(second.err().contains("train kappa-1.00") && !second.err().contains("train kappa-0.50"), second.err());
        assertArrayEquals(network, Files.readAllBytes(run.resolve("models/kappa-0.50.safetensors")));
        assertEquals(List.of("0.00", "0.50", "1.00"), Files.readAllLines(run.resolve("figures/tradeoff.csv")).stream()
                .skip(2).map(line -> line.split(",")[0]).toList());
        String before = Files.readString(run.resolve("tradeoff.md"));
        Files.delete(run.resolve("tradeoff.md"));
        done("report", run);
        assertEquals(before, Files.readString(run.resolve("tradeoff.md")));
        fails(2, "has no tables to compare", "report", run, run);
        done(with(common, "0.25", "--overwrite"));
        assertEquals(1, JSON.readTree(run.resolve("tradeoff.json").toFile()).get("rows").size());
    }

    /** In a folder of classes a run would be a class, and its own files' names are a run's to write over. */
    @Test
    void givenAFolderThatHoldsWhatIsRead_whenRun_thenRefusedAndNothingIsWritten() throws IOException {
        Path classes = folder.resolve("classes");
        for (String split : List.of("train", "test")) {
            Files.write(Files.createDirectories(classes.resolve(split).resolve("0")).resolve("a.png"), new byte[] {1});
        }
        Path link = Files.createSymbolicLink(folder.resolve("link"), classes);
        Path idx = Files.createDirectory(folder.resolve("idx"));
        Path inRun = Files.createDirectories(folder.resolve("run/figures/data"));
        Path archive = Files.write(folder.resolve("run/table1.npz"), new byte[] {1});
        List<String> before = everything();
        for (List<Path> refused : List.of(List.of(classes, classes), List.of(classes, link), List.of(link, classes),
                List.of(classes, classes.resolve("test/run")), List.of(link, classes.resolve("a/b")), List.of(idx, idx),
                List.of(idx, idx.resolve("../idx")), List.of(inRun, folder.resolve("run")), List.of(archive, folder.resolve("run")))) {
            for (String command : List.of("reproduce", "tradeoff")) {
                fails(2, "name another place", command, "--epsilon", 0.1, "--data", refused.get(0), "--out", refused.get(1));
            }
        }
        Path models = Files.createDirectories(folder.resolve("earlier/models"));
        fails(2, "name another place", "reproduce", "--dataset", "digits", "--models", models, "--out", models);
        fails(2, "name another place", "reproduce", "--dataset", "digits", "--models", models, "--out", folder.resolve("earlier"));
        Files.delete(models);
        Files.delete(models.getParent());
        assertEquals(before, everything());
        fails(3, "idx", "reproduce", "--data", idx, "--out", idx.resolve("run")); // which holds no images, but such a place is fine
    }

    private List<String> everything() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    @Test
    void givenANormalisation_whenReproduced_thenRefusedWithTheReason() {
        for (String option : List.of("--mean", "--std")) {
            fails(2, "reproduce takes no --mean and --std: its networks are trained on images in [0, 1], without a normalisation; for "
                    + "one of your own use certify, verify and attack", "reproduce", option, "0.5");
        }
    }

    @Test
    void givenNothingElse_whenReproduced_thenImagesAreSampledSequentiallyAndOneInAHundredForTheLargestRadius() throws IOException {
        Path run = folder.resolve("run");
        Path models = Files.createDirectory(folder.resolve("models"));
        for (String name : List.of("smoothing-sigma-0.25", "ibp-epsilon-0.05")) {
            Files.copy(model, models.resolve(name + ".safetensors"));
        }
        Object[] command = {"reproduce", "--dataset", "digits", "--models", models, "--sigma", "0.25", "--epsilon", "0.05",
            "--n0", 5, "--n", 500, "--steps", 1, "--restarts", 1, "--limit", 100, "--no-exact", "--quiet", "--out", run};
        String printed = done(command).out();
        Path votes = run.resolve("smoothing/sigma-0.25.jsonl");
        List<CertificateRow> rows = RowFile.read(votes, CertificateRow.FORMAT);
        double mean = rows.stream().mapToLong(CertificateRow::drawn).average().orElseThrow();
        assertTrue(rows.size() == 100 && mean < 500 && rows.stream().allMatch(row -> row.sampledBy() == Sampling.SEQUENTIAL));
        assertEquals(1, RowFile.read(run.resolve("smoothing/sigma-0.25-n-1000000.jsonl"), CertificateRow.FORMAT).size());
        JsonNode record = JSON.readTree(run.resolve("run.json").toFile());
        assertEquals("sequential", record.at("/identity/sampling").asText());
        assertEquals(mean, record.at("/mean_samples/sigma-0.25").asDouble(), 0.051);
        JsonNode line = JSON.readTree(run.resolve("table1.json").toFile()).get("rows").get(0);
        assertEquals(mean, line.get("mean_samples").asDouble(), 0.051);
        assertEquals(500, line.get("n").asInt());
        String said = String.format(Locale.ROOT, "%,.0f of at most 500 samples an image", mean);
        assertTrue(printed.replaceAll("\\s+", " ").contains(said), printed);
        assertTrue(Files.readString(run.resolve("report.html")).contains(said), "the page says it, too");

        String whole = Files.readString(votes);
        Files.writeString(votes, whole.substring(0, whole.length() / 2));
        done(with(command, "--resume"));
        assertEquals(whole, Files.readString(votes), "a torn file ends with the same rows");
        fails(2, "can't resume", with(command, "--sampling", "fixed", "--resume"));
    }

    @Test
    void givenDiscreteNoise_whenReproduced_thenRowsTableAndPageSaySo() throws IOException {
        Path run = folder.resolve("run");
        Path models = Files.createDirectory(folder.resolve("models"));
        for (String name : List.of("smoothing-sigma-0.25", "ibp-epsilon-0.05")) {
            Files.copy(model, models.resolve(name + ".safetensors"));
        }
        Object[] command = {"reproduce", "--dataset", "digits", "--models", models, "--sigma", "0.25", "--epsilon", "0.05",
            "--n0", 5, "--n", 200, "--steps", 1, "--restarts", 1, "--limit", 5, "--no-exact", "--quiet", "--deep-n", 0,
            "--out", run};
        String printed = done(with(command, "--noise", "discrete")).out();
        List<CertificateRow> rows = RowFile.read(run.resolve("smoothing/sigma-0.25.jsonl"), CertificateRow.FORMAT);
        assertTrue(rows.size() == 5 && rows.stream().allMatch(row -> row.law() == NoiseLaw.DISCRETE));
        assertEquals("discrete", JSON.readTree(run.resolve("run.json").toFile()).at("/identity/noise").asText());
        assertTrue(printed.replaceAll("\\s+", " ").contains("discrete noise"), printed);
        assertTrue(Files.readString(run.resolve("report.html")).contains("discrete noise"), "the page says it, too");
        fails(2, "can't resume", with(command, "--resume"));
    }

    @Test
    void givenARunThatIsOverwritten_whenItsDataDiffer_thenItsNetworksAreTrainedAnew() throws IOException {
        Path run = folder.resolve("run");
        Path network = run.resolve("models/smoothing-sigma-0.25.safetensors");
        Object[] common = {"reproduce", "--dataset", "digits", "--sigma", "0.25", "--epsilon", "0.05", "--n0", 5, "--n", 20,
            "--steps", 1, "--restarts", 1, "--limit", 3, "--no-exact", "--out", run, "--quiet"};
        done(with(common, "--train-limit", 200));
        String before = ModelFile.read(network).metadata().get("training_data");
        done(with(common, "--train-limit", 300, "--overwrite"));
        assertEquals("digits, 200 images", before);
        assertEquals("digits, 300 images", ModelFile.read(network).metadata().get("training_data"));

        Path record = run.resolve("run.json");
        String recipes = JSON.readTree(record.toFile()).findValue("recipes").asText();
        Files.writeString(record, Files.readString(record).replace(recipes, "[of another version]"));
        fails(2, "has recipes \"[of another version]\"", with(common, "--train-limit", 300, "--resume"));
    }

    @Test
    void givenOpenImagesAlone_whenReproduced_thenRowsAndFiguresAreThoseOfAttackingAll() throws IOException {
        Path networks = Files.createDirectory(folder.resolve("networks"));
        done("train", "ibp", "--epsilon", 0.05, "--hidden", "32", "--limit", 3000, "--dataset", "digits", "--quiet", "--out",
                networks.resolve("ibp-epsilon-0.05.safetensors"));
        Files.copy(model, networks.resolve("smoothing-sigma-0.25.safetensors"));
        Object[] common = {"reproduce", "--dataset", "digits", "--models", networks, "--sigma", "0.25", "--epsilon", "0.05",
            "--n0", 5, "--n", 20, "--steps", 7, "--restarts", 3, "--limit", 400, "--no-exact", "--attack", "pgd", "--quiet", "--out"};
        Path open = folder.resolve("open");
        Path all = folder.resolve("all");
        String printed = done(with(common, open)).out();
        done(with(common, all, "--attack-all"));
        Path pgd = Path.of("pgd/epsilon-0.05.jsonl");
        List<String> chosen = Files.readAllLines(open.resolve(pgd));
        List<String> every = Files.readAllLines(all.resolve(pgd));
        assertEquals(SampleRows.untimed(Files.readString(all.resolve("ibp/epsilon-0.05.jsonl"))),
                SampleRows.untimed(Files.readString(open.resolve("ibp/epsilon-0.05.jsonl"))));
        assertEquals(400, every.size());
        assertTrue(every.containsAll(chosen), "an image's row is the same whichever others are attacked");
        JsonNode ours = JSON.readTree(open.resolve("table2.json").toFile()).at("/rows/0");
        JsonNode theirs = JSON.readTree(all.resolve("table2.json").toFile()).at("/rows/0");
        for (String figure : List.of("images", "clean_accuracy", "ibp_certified", "ibp_certified_by_box", "pgd_accuracy",
                "pgd_gap", "pgd_accuracy_by_loss", "image_counts", "differences_of_claims")) {
            assertEquals(theirs.get(figure), ours.get(figure), figure);
        }
        assertEquals(100, ours.get("pgd_cross_checked").asInt(), ours.toString());
        assertEquals(chosen.size(), ours.get("pgd_attacked").asInt());
        assertTrue(chosen.size() > 110 && chosen.size() < 300, chosen.size()
                + " rows: some are open, and some were left out");
        assertTrue(ours.get("pgd_accuracy").asDouble() < ours.get("clean_accuracy").asDouble(), ours.toString());
        assertTrue(printed.contains("PGD-7, 3 restarts") && !printed.contains("PGD-50"), printed);
        assertTrue(printed.contains("PGD attacks the images that are right and not certified"), printed);

        fails(2, "has pgd_images \"right and not certified, and 100 certified\", now it is \"all\"",
                with(common, open, "--attack-all", "--resume"));
        Files.write(open.resolve(pgd), chosen.subList(0, chosen.size() / 2));
        assertTrue(done("report", open).out().contains("so there is no figure for PGD: resume its run"));
        done(with(common, open, "--resume"));
        assertEquals(chosen, Files.readAllLines(open.resolve(pgd)));
    }

    /** What PGD of one step leaves is taken by another attack; killed and resumed, its rows are the same. */
    @Test
    void givenAnAttackBeyondPgd_whenReproduced_thenItTakesWhatIsOpenAndTheTableCountsIt() throws IOException {
        Path networks = Files.createDirectory(folder.resolve("networks"));
        done("train", "ibp", "--epsilon", 0.05, "--hidden", "32", "--limit", 3000, "--dataset", "digits", "--quiet", "--out",
                networks.resolve("ibp-epsilon-0.05.safetensors"));
        Files.copy(model, networks.resolve("smoothing-sigma-0.25.safetensors"));
        Path run = folder.resolve("run");
        Object[] command = {"reproduce", "--dataset", "digits", "--models", networks, "--sigma", "0.25", "--epsilon", "0.05",
            "--n0", 5, "--n", 20, "--steps", 1, "--restarts", 1, "--limit", 150, "--no-exact", "--quiet", "--out", run, "--attack"};
        done(with(command, "apgd"));
        Set<Integer> certified = RowFile.read(run.resolve("ibp/epsilon-0.05.jsonl"), BoundsRow.FORMAT).stream()
                .filter(BoundsRow::certified).map(BoundsRow::index).collect(Collectors.toSet());
        Set<Integer> open = RowFile.read(run.resolve("pgd/epsilon-0.05.jsonl"), AttackRow.FORMAT).stream()
                .filter(AttackRow::survived).map(AttackRow::index).filter(image -> !certified.contains(image)).collect(Collectors.toSet());
        Path file = run.resolve("attack/epsilon-0.05.jsonl");
        List<AttackRow> further = RowFile.read(file, AttackRow.FORMAT);
        assertEquals(open, further.stream().map(AttackRow::index).filter(image -> !certified.contains(image)).collect(Collectors.toSet()));
        assertEquals(20, further.size() - open.size(), "certified ones, as a check");
        long broken = further.stream().filter(row -> row.brokenBy().isPresent()).count();
        assertTrue(broken > 0, "100 iterations break more than one step does");
        JsonNode line = JSON.readTree(run.resolve("table2.json").toFile()).at("/rows/0");
        assertEquals(Math.round(1.5 * (line.get("pgd_accuracy").asDouble() - line.get("strongest_attack_accuracy").asDouble())), broken,
                line.toString());
        assertEquals(further.size(), line.get("strongest_attack_attacked").asInt());
        JsonNode record = JSON.readTree(run.resolve("run.json").toFile());
        JsonNode first = record.at("/attacks/0.05/apgd-ce");
        assertTrue(first.path("images").asInt() == further.size() && first.path("forward_passes").asLong() > 100L * open.size()
                && first.path("seconds").asDouble() > 0, record.toString());
        assertEquals("apgd", record.at("/identity/attack").asText());

        List<String> rows = Files.readAllLines(file);
        Files.write(file, rows.subList(0, rows.size() / 2));
        assertTrue(done("report", run).out().contains("so no figure counts apgd: resume its run"));
        done(with(command, "apgd", "--resume"));
        assertEquals(rows, Files.readAllLines(file));
        fails(2, "has attack \"apgd\", now it is \"square\"", with(command, "square", "--resume"));
    }

    /**
     * Certified in real numbers, broken in floats: logits 2^24 + 1/2 for digit 0 and 2^24 + 1.02 - 0.4 pixel for the label.
     */
    @Test
    void givenADifferenceOfClaims_whenReproduced_thenTheRunEndsAndSaysSo() throws IOException {
        Dataset digits = Digits.generate(0, Split.TEST, 50);
        int image = IntStream.range(0, 50).filter(i -> digits.label(i) > 0 && digits.pixels(i)[0] == 0).findFirst()
                .orElseThrow();
        float[] first = new float[2 * 784];
        first[784] = -0.4f;
        float[] last = new float[10 * 2];
        last[0] = 0.5f;
        last[2 * digits.label(image) + 1] = 1;
        float[] omega = new float[10];
        omega[0] = 0x1p24f;
        omega[digits.label(image)] = 0x1p24f;
        Path networks = Files.createDirectory(folder.resolve("networks"));
        ModelFile.write(networks.resolve("ibp-epsilon-0.10.safetensors"), Mlp.of(List.of(
                Mlp.dense(784, 2, first, new float[] {1, 1.02f}), Mlp.dense(2, 10, last, omega))), Precision.F32, Map.of());
        Files.copy(model, networks.resolve("smoothing-sigma-0.25.safetensors"));
        Path run = folder.resolve("run");
        String printed = done("reproduce", "--dataset", "digits", "--models", networks, "--sigma", "0.25", "--epsilon",
                "0.1", "--n0", 5, "--n", 20, "--steps", 5, "--restarts", 2, "--indices", image, "--quiet", "--out", run)
                .out();
        assertTrue(printed.contains("At epsilon 0.10 1 image is certified and yet broken"), printed);
        JsonNode row = JSON.readTree(run.resolve("table2.json").toFile()).at("/rows/0");
        assertEquals(List.of("100.0", "0.0", "1"), Stream.of("ibp_certified", "pgd_accuracy", "differences_of_claims")
                .map(field -> row.get(field).asText()).toList());

        Path attacks = run.resolve("pgd/epsilon-0.10.jsonl");
        String said = Files.readString(attacks);
        assertTrue(said.contains(",\"real_network\":\"stands\"}"), said);
        Files.writeString(attacks, said.replace("stands", "breaks"));
        fails(1, attacks + ": certified at epsilon 0.1 and yet misclassified: image " + image + " ", "report", run);
        Files.writeString(attacks, said.replace(",\"real_network\":\"stands\"", ""));
        fails(1, "nothing says that the real-number network stands there", "report", run);
    }

    @Test
    void givenAFalseCertificate_whenReproduced_thenTheAttackDisprovesItAndTheRunFails() throws IOException {
        Path networks = Files.createDirectory(folder.resolve("networks"));
        for (String name : List.of("ibp-epsilon-0.10", "smoothing-sigma-0.25")) {
            Files.copy(model, networks.resolve(name + ".safetensors"));
        }
        Path run = folder.resolve("run");
        Object[] command = {"reproduce", "--dataset", "digits", "--models", networks, "--sigma", "0.25", "--epsilon", "0.1",
            "--n0", 5, "--n", 20, "--steps", 5, "--restarts", 2, "--limit", 40, "--no-exact", "--quiet", "--out", run};
        done(command);
        Path bounds = run.resolve("ibp/epsilon-0.10.jsonl");
        Path attacks = run.resolve("pgd/epsilon-0.10.jsonl");
        AttackRow broken = RowFile.read(attacks, AttackRow.FORMAT).stream().filter(row -> row.cleanCorrect() && row.broken())
                .findFirst().orElseThrow();
        List<BoundsRow> rows = RowFile.read(bounds, BoundsRow.FORMAT);
        try (RowFile<BoundsRow> forged = RowFile.replace(bounds, BoundsRow.FORMAT)) {
            for (BoundsRow row : rows) {
                List<Double> margins = IntStream.range(0, 10).mapToObj(c -> c == row.label() ? 0.0 : 1.0).toList();
                forged.append(row.index() != broken.index() ? row : BoundsRow.of(
                        new CleanPrediction(row.index(), row.label(), row.cleanPrediction()), row.epsilon(), row.method(),
                        new BoundsRow.Bounds(row.lower(), row.upper(), margins)));
            }
        }
        Files.delete(attacks);
        fails(1, attacks + ": certified at epsilon 0.1 and yet misclassified: image " + broken.index() + " ",
                with(command, "--resume"));
        assertTrue(Files.readString(attacks).contains("\"real_network\":\"breaks\""), "what was found is kept");
    }
}

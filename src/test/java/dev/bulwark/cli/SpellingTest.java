package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What users read about misspelt words, and in help: their own words, and no commands that do not exist. */
class SpellingTest {

    private static final Set<String> VOTING = Set.of("certify", "predict", "reproduce", "bench");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "radius --sigma abc --count 1 --n 2 | 'abc' is not a number such as 0.5 or 1/2",
        "radius --sigma 1/0 --count 1 --n 2 | '1/0' is not a number such as 0.5 or 1/2",
        "radius --sigma 1 --count 1e3 --n 2 | '1e3' is not a whole number",
        "radius --sigma 1 --count 1 --n 99999999999999999999 | '99999999999999999999' is out of range",
        "radius --sigma 1 --count 1 --n 2 --alpha small | 'small' is not a number;",
        "certify M --sigma 1 --n 2.5 --out X | '2.5' is not a whole number",
        "reproduce --sigma 0.5,x | 'x' is not a number such as",
        "train ibp --epsilon 0.1 --final-kappa much | 'much' is not a number;",
        "attack M --epsilon 0.1 --loss hinge --out X | 'hinge' is none of cross-entropy, margin, dlr, both;",
        "attack M --epsilon 0.1 --attack fgsm --out X | 'fgsm' is none of pgd, apgd, apgd-t, fab-t, square, autoattack;",
        "reproduce --effort quik | 'quik' is none of quick, full;",
        "reproduce --preset fast | 'fast' is none of report, best, dense, quick;",
        "certify M --sigma 1 --out X --precision fp8 | 'fp8' is none of auto, fp32, bf16, fp16;",
        "certify M --sigma 1 --out X --noisy-kernels x | 'x' is none of auto, layered, fused, clustered;",
        "train ibp --epsilon 0.1 --training-precision fp16 | 'fp16' is none of fp32, tf32, bf16;",
        "certify M --sigma 1 --out X --dataset cifar | 'cifar' is none of mnist, digits;",
        "certfy M | unknown command 'certfy': was certify meant; see 'bulwark --help'",
        "help reprodce | unknown command 'reprodce': was reproduce meant; see",
        "nonsense | unknown command 'nonsense': there are reproduce, train, ",
        "train ipb --epsilon 1 | unknown command 'ipb': there are smoothing, ibp; see 'bulwark train --help'",
        "verify M --epsilon 0.1 --out X --metod crown | unknown option '--metod': was --method meant; see",
        "train | train needs to know what for: smoothing or ibp; see",
        "radius --sigma 1 --count 0 --n 0 | --n must be at least 1: 0",
        "radius --sigma 1 --count 3 --n 2 | --count must lie between 0 and --n 2: 3",
        "radius --sigma 1 --count 3 --n 5 --alpha 1e-10 | --alpha must lie between 1e-9 and 0.5",
        "certify M --sigma 1 --alpha 1e-10 --out X | --alpha must lie between 1e-9 and 0.5",
        "attack M --epsilon 0.1 --steps 0 --out X | --steps must be at least 1: 0",
        "attack M --epsilon 0.1 --restarts 0 --out X | --restarts must be at least 1: 0",
        "attack M --epsilon 0.1 --step-size -1 --out X | --step-size must not be negative, and at most 3.4e38: -1.0",
        "attack M --epsilon 0.1 --norm 2 --step-size 1e39 --out X | --step-size must not be negative, and at most 3.4e38"})
    void givenAWrongWord_whenRun_thenOneLineInTheUsersWords(String line, String words) {
        Outcome outcome = Outcome.of((Object[]) line.strip().split(" "));
        assertEquals(2, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains(words), outcome.err());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertFalse(outcome.err().matches("(?s).*([.?!];|case-insensitive|[A-Z]{2,}_|double|long\\b).*"), outcome.err());
    }

    @Test
    void givenAFraction_whenItIsANoiseLevel_thenTheNearestDouble() throws IOException {
        JsonNode fraction = new ObjectMapper().readTree(Outcome.of("radius", "--sigma", "1/2", "--count", 99, "--n", 100)
                .out());
        assertEquals(fraction,
                new ObjectMapper().readTree(Outcome.of("radius", "--sigma", 0.5, "--count", 99, "--n", 100).out()));
        Path out = folder.resolve("rows.tsv");
        Path model = model();
        Outcome rows = Outcome.of("certify", model, "--sigma", "1/4", "--n0", 2, "--n", 10, "--limit", 1, "--dataset",
                "digits", "--device", "cpu", "--quiet", "--out", out);
        assertEquals(0, rows.code(), rows.err());
        assertEquals(0.25, new ObjectMapper().readTree(folder.resolve("rows.tsv.run.json").toFile()).at("/identity/sigma")
                .asDouble());
    }

    private Path model() {
        Path model = folder.resolve("model.safetensors");
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.network(new int[] {784, 8, 10}, 1), Precision.F32, Map.of());
        return model;
    }

    @Test
    void givenATextFile_whenItIsAModel_thenItIsCalledNoSafetensorsFile() throws IOException {
        Path text = Files.writeString(folder.resolve("notes.txt"), "these are my notes of yesterday");
        Outcome outcome = Outcome.of("verify", text, "--epsilon", 0.1, "--out", folder.resolve("x"), "--device", "cpu");
        assertEquals(3, outcome.code(), outcome.err());
        assertTrue(outcome.err().contains("notes.txt: neither a safetensors nor an ONNX file: the header's length is "),
                outcome.err());
    }

    @Test
    void givenNoSuchNetwork_whenReproduced_thenTheWaysOutAreNamed() throws IOException {
        Path models = Files.createDirectory(folder.resolve("models"));
        Files.copy(model(), models.resolve("smoothing-sigma-0.25.safetensors"));
        Outcome outcome = Outcome.of("reproduce", "--models", models, "--sigma", 0.25, "--epsilon", "8/255", "--dataset",
                "digits", "--device", "cpu", "--out", folder.resolve("run"), "--quiet");
        assertEquals(2, outcome.code(), outcome.err());
        for (String way : List.of("'train ibp --epsilon 8/255 --out DIR/ibp-epsilon-0.03137254901960784.safetensors'",
                "--models DIR", "--from-scratch")) {
            assertTrue(outcome.err().contains(way), outcome.err());
        }
        Files.delete(models.resolve("smoothing-sigma-0.25.safetensors"));
        assertTrue(Outcome.of("reproduce", "--models", models, "--sigma", 0.25, "--epsilon", "8/255", "--dataset", "digits",
                "--device", "cpu", "--out", folder.resolve("run"), "--quiet").err().contains(
                "'train smoothing --sigma 0.25 --out DIR/"));
    }

    @ParameterizedTest
    @CsvSource({"20, 55", "55, 55", "70, 70", "132, 132", ", 80"})
    void givenATerminal_whenAskedForHelp_thenItsLinesFit(String columns, int widest) throws Exception {
        ProcessBuilder java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Main.class.getName(), "certify", "--help");
        java.environment().remove("BULWARK_COLUMNS");
        if (columns != null) {
            java.environment().put("BULWARK_COLUMNS", columns);
        }
        String help = new String(java.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int longest = help.lines().mapToInt(String::length).max().orElseThrow();
        assertTrue(longest <= widest && longest > widest - 12, longest + ":\n" + help);
    }

    @ParameterizedTest
    @ValueSource(strings = {"certify", "predict", "reproduce", "bench", "attack", "train ibp", "train smoothing", "tradeoff",
            "verify"})
    void givenACommand_whenAskedForHelp_thenItOffersWhatItUses(String command) {
        String[] words = (command + " --help").split(" ");
        Outcome help = Outcome.of((Object[]) words);
        assertEquals(0, help.code(), help.err());
        assertEquals(VOTING.contains(command), help.out().contains("--noisy-kernels"), help.out());
        String text = help.out().lines().map(String::strip).collect(Collectors.joining(" "));
        assertEquals(!command.equals("verify"), text.contains("part of the base classifier, and of attacks' gradients"),
                text);
    }
}

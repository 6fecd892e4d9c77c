package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.io.ModelFile;
import dev.bulwark.plan.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Runs that are stopped, killed or repeated lose no row and change none; those of other settings are refused. */
class ResumedRunTest extends WholeCommands {

    @Test
    void givenARunThatIsInterrupted_whenItEnds_thenItSaysHowToGoOn() throws Exception {
        Path rows = folder.resolve("rows.tsv");
        Object[] command = {"certify", model, "--sigma", 0.5, "--n", 100_000, "--dataset", "digits", "--limit", 300,
            "--out", rows};
        Path log = folder.resolve("log");
        Process process = launch(ProcessBuilder.Redirect.to(log.toFile()), command);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (lineCount(rows) < 3 && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(20);
        }
        process.destroy();
        process.waitFor();
        String said = Files.readString(log);
        assertTrue(said.contains("Go on with:\n  scripts/bulwark certify ") && said.contains(" --resume"), said);
    }

    @Test
    void givenTornRows_whenResumed_thenTheyEndAsIfNothingHadHappened() throws IOException {
        Path whole = folder.resolve("whole.tsv");
        Path torn = folder.resolve("torn.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--sigma", 0.25, "--n", 200, "--limit", 6, "--quiet"};
        done(with(common, "--out", whole));
        done(with(common, "--out", torn, "--certificates", folder.resolve("torn.jsonl")));
        List<String> lines = Files.readAllLines(torn);
        Files.writeString(torn, String.join("\n", lines.subList(0, 4)) + "\n4\t7\t");
        done(with(common, "--out", torn, "--certificates", folder.resolve("torn.jsonl"), "--resume"));
        assertEquals(timeless(whole), timeless(torn));
        assertEquals(6, Files.readAllLines(folder.resolve("torn.jsonl")).size());
    }

    @Test
    void givenAKilledProcess_whenResumed_thenNoRowIsLostOrChanged() throws Exception {
        Path killed = folder.resolve("killed.tsv");
        Path whole = folder.resolve("whole.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--sigma", 0.25, "--n", 20_000, "--limit", 40,
                "--quiet"};
        Process process = launch(with(common, "--out", killed));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (lineCount(killed) < 5 && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
        process.destroyForcibly().waitFor();
        long survived = lineCount(killed);
        assertTrue(survived >= 5, "rows before the kill: " + survived);
        assertNotEquals(41, survived, "the process finished before it was killed");
        done(with(common, "--out", killed, "--resume"));
        done(with(common, "--out", whole));
        assertEquals(timeless(whole), timeless(killed));
    }

    private static long lineCount(Path file) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.count();
        }
    }

    private static Process launch(Object... arguments) throws IOException {
        return launch(ProcessBuilder.Redirect.DISCARD, arguments);
    }

    private static Process launch(ProcessBuilder.Redirect log, Object... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "-cp", System.getProperty("java.class.path"),
                Main.class.getName()));
        Arrays.stream(words(arguments)).map(Object::toString).forEach(command::add);
        return new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(log).start();
    }

    @Test
    void givenAKilledTraining_whenResumed_thenTheNetworkIsTheUninterruptedOne() throws Exception {
        Path killed = folder.resolve("killed.safetensors");
        Path whole = folder.resolve("whole.safetensors");
        Object[] common = {"train", "ibp", "--epsilon", 0.1, "--dataset", "digits", "--limit", 3_000, "--hidden", "300,100",
                "--checkpoint-seconds", 0, "--quiet"};
        Process process = launch(with(common, "--out", killed));
        Path checkpoint = folder.resolve("killed.safetensors.checkpoint");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!Files.exists(checkpoint) && process.isAlive() && System.nanoTime() < deadline) {
            Thread.sleep(2);
        }
        process.destroyForcibly().waitFor();
        assertTrue(Files.exists(checkpoint) && !Files.exists(killed), "killed between the first checkpoint and the end");
        fails(2, "--resume", with(common, "--out", killed));
        done(with(common, "--out", killed, "--resume"));
        done(with(common, "--out", whole));
        assertArrayEquals(Parameters.of(ModelFile.read(whole).graph()),
                Parameters.of(ModelFile.read(killed).graph()));
        fails(2, "already", with(common, "--out", whole));
    }

    @Test
    void givenAFinishedTraining_whenResumed_thenItSaysSoAndAnotherRecipeIsRefused() throws IOException {
        Path network = folder.resolve("n.safetensors");
        Object[] common = {"train", "ibp", "--epsilon", 0.1, "--dataset", "digits", "--hidden", "8", "--out", network,
                "--quiet"};
        String trained = done(with(common, "--limit", 100)).out();
        byte[] before = Files.readAllBytes(network);
        Outcome again = done(with(common, "--limit", 100, "--resume"));
        assertEquals(trained.replace(network.toString(), network + " is finished"), again.out());
        fails(2, "is there already", with(common, "--limit", 101, "--resume"));
        fails(2, "is there already", with(common, "--limit", 100, "--seed", 1, "--resume"));
        fails(2, "is there already", with(common, "--limit", 100));
        assertArrayEquals(before, Files.readAllBytes(network));
    }

    @Test
    void givenRowsOfAnotherRun_whenResumed_thenTheyAreLeftAlone() throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--n", 50, "--limit", 2, "--quiet", "--out", rows};
        done(with(common, "--sigma", 0.25));
        String before = Files.readString(rows);
        fails(2, "sigma 0.25, now it is 0.5", with(common, "--sigma", 0.5, "--resume"));
        fails(2, "--resume", with(common, "--sigma", 0.25));
        Files.delete(folder.resolve("rows.tsv.run.json"));
        fails(2, "is missing", with(common, "--sigma", 0.25, "--resume"));
        assertEquals(before, Files.readString(rows));
        done(with(common, "--sigma", 0.5, "--overwrite"));
    }

    /** A link's run and its target's are one: a run that goes on by the other name must fit the same record. */
    @Test
    void givenALinkToRows_whenWrittenThrough_thenTheRecordIsTheirsByEitherName() throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Path link = Files.createSymbolicLink(folder.resolve("link.tsv"), rows.getFileName());
        Object[] common = {"certify", model, "--dataset", "digits", "--n", 50, "--quiet"};
        done(with(common, "--sigma", 0.25, "--limit", 2, "--out", rows));
        fails(2, "sigma 0.25, now it is 0.5", with(common, "--sigma", 0.5, "--limit", 2, "--resume", "--out", link));
        done(with(common, "--sigma", 0.5, "--limit", 1, "--overwrite", "--out", link));
        fails(2, "sigma 0.5, now it is 0.25", with(common, "--sigma", 0.25, "--limit", 2, "--resume", "--out", rows));
        assertFalse(Files.exists(folder.resolve("link.tsv.run.json")));
    }

    @Test
    void givenRowsWithHardLinksOrAtTheRecordsPlace_whenWritten_thenRefused() throws IOException {
        Path rows = folder.resolve("rows.tsv");
        Object[] common = {"certify", model, "--dataset", "digits", "--n", 50, "--limit", 1, "--sigma", 0.25, "--quiet"};
        done(with(common, "--out", rows));
        Files.createLink(folder.resolve("other.tsv"), rows);
        String before = Files.readString(rows);
        fails(2, "hard links", with(common, "--out", rows, "--overwrite"));
        assertEquals(before, Files.readString(rows));
        Path free = folder.resolve("free.tsv");
        fails(2, "is where the record", with(common, "--out", free, "--certificates", folder.resolve("free.tsv.run.json")));
        assertFalse(Files.exists(free));
    }

    @Test
    void givenBoundsOfAnotherEpsilonOrMethod_whenResumed_thenRefusedAndKept() throws IOException {
        Path rows = folder.resolve("rows.jsonl");
        Object[] command = {"verify", model, "--method", "ibp", "--dataset", "digits", "--epsilon", 0.01, "--limit", 2, "--quiet", "--out",
                rows};
        done(command);
        String whole = Files.readString(rows);
        for (String altered : List.of(whole.replaceFirst("\"epsilon\":0.01", "\"epsilon\":0.02"),
                whole.replaceFirst("\"ibp\"", "\"crown\""))) {
            Files.writeString(rows, altered);
            fails(2, "is another run's", with(command, "--resume"));
            assertEquals(altered, Files.readString(rows));
        }
    }
}

package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResumeHintTest {

    private static final String LAUNCHER = "scripts/bulwark";

    @Test
    void givenACommand_whenStopped_thenTheSameWithResume() {
        assertEquals("scripts/bulwark verify m.safetensors --epsilon 8/255 --out F --resume", ResumeHint.resuming(LAUNCHER,
                List.of("verify", "m.safetensors", "--epsilon", "8/255", "--out", "F")));
    }

    @Test
    void givenOverwriteOrResume_whenStopped_thenRowsAreKeptAndTheOptionStandsOnce() {
        assertEquals("scripts/bulwark reproduce --quiet --out runs/1 --resume", ResumeHint.resuming(LAUNCHER,
                List.of("reproduce", "--overwrite", "--quiet"), "--out", "runs/1"));
        assertEquals("scripts/bulwark reproduce --out runs/1 --resume", ResumeHint.resuming(LAUNCHER,
                List.of("reproduce", "--resume", "--out", "runs/1")));
    }

    /** A shell makes the words of it again that were typed. */
    @Test
    void givenWordsThatAShellWouldSplitOrExpand_whenStopped_thenTheyComeBackWhole() throws Exception {
        List<String> words = List.of("certify", "my model.safetensors", "--out", "it's here/*.tsv", "", "~", "$HOME", "a\\b",
                "`id`", "x;y", "\u00e9", "#", "!!", "a\nb");
        Process shell = new ProcessBuilder("bash", "-c", "printf '%s\\0' " + ResumeHint.resuming("./my bulwark", words))
                .start();
        String printed = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<String> expected = new ArrayList<>(words);
        expected.add(0, "./my bulwark");
        expected.add("--resume");
        assertEquals(expected, List.of(printed.substring(0, printed.length() - 1).split("\0", -1)));
    }

    @Test
    void givenALauncher_whenStopped_thenItIsNamedAsItWasCalled() {
        assertEquals("./bulwark", ResumeHint.launcher(Map.of("BULWARK_LAUNCHER", "./bulwark")));
        assertEquals(LAUNCHER, ResumeHint.launcher(Map.of()));
        assertEquals(LAUNCHER, ResumeHint.launcher(Map.of("BULWARK_LAUNCHER", "")));
    }
}

package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ResumeHintTest {

    @Test
    void givenACommand_whenStopped_thenTheSameWithResume() {
        assertEquals("scripts/bulwark verify m.safetensors --epsilon 0.1 --out F --resume",
                ResumeHint.resuming("bulwark verify m.safetensors --epsilon 0.1 --out F", ""));
    }

    @Test
    void givenOverwriteOrResume_whenStopped_thenRowsAreKeptAndTheOptionStandsOnce() {
        assertEquals("scripts/bulwark reproduce --quiet --out runs/1 --resume",
                ResumeHint.resuming("bulwark reproduce --overwrite --quiet", " --out runs/1"));
        assertEquals("scripts/bulwark reproduce --out runs/1 --resume",
                ResumeHint.resuming("bulwark reproduce --resume --out runs/1", ""));
    }
}

package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MarkupTest {

    @Test
    void givenProseWithACommand_whenWritten_thenGreekLettersAreNoneOfTheCommands() {
        assertEquals("at \u03b5 = 0.1 and (\u03c3, \u03b1): ibp/epsilon-0.05.jsonl; bulwark verify --epsilon 0.05 --sigma "
                + "1 alpha-crown", Markup.prose("at epsilon = 0.1 and (sigma, alpha): ibp/epsilon-0.05.jsonl; "
                        + "bulwark verify --epsilon 0.05 --sigma 1 alpha-crown"));
    }
}

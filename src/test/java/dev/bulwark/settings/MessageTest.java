package dev.bulwark.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Messages that name settings. */
class MessageTest {

    private static final Message MESSAGE =
            Message.of("no data", Setting.DATA.with("DIR"), ": ", Setting.STEP_SIZE, " is ", 0.5, Setting.RESUME.with());

    @Test
    void givenNoNames_whenPrinted_thenSettingsAreInWordsAndHintsAreLeftOut() {
        assertEquals("no data: step size is 0.5", MESSAGE.toString());
    }

    @Test
    void givenNames_whenPrinted_thenSettingsAndHintsHaveThem() {
        assertEquals("no data with <DATA> DIR: <STEP_SIZE> is 0.5 with <RESUME>",
                MESSAGE.named(setting -> "<" + setting.name() + ">"));
    }
}

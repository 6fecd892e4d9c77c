package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ParagraphTest {

    @Test
    void givenALongLine_whenWrapped_thenItBreaksBetweenWordsAndIndents() {
        assertEquals("one two\n  three\n  four", Paragraph.wrapped("one two three four", 8));
        assertEquals("one two three four", Paragraph.wrapped("one two three four", 80));
    }

    @Test
    void givenAWordLongerThanALine_whenWrapped_thenItStaysWhole() {
        assertEquals("see\n  /a/path/that/is/long\n  here", Paragraph.wrapped("see /a/path/that/is/long here", 10));
    }
}

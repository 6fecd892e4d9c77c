package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.bulwark.report.Paint;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TerminalTest {

    @Test
    void givenATerminalOnOutput_whenAsked_thenColours() {
        assertEquals(Paint.ANSI, Terminal.paint(Map.of("BULWARK_TERMINAL_OUT", "1", "TERM", "xterm-256color")));
        assertEquals(Paint.ANSI, Terminal.paint(Map.of("BULWARK_TERMINAL_OUT", "1", "TERM", "xterm", "NO_COLOR", "")));
    }

    @Test
    void givenAPipeOrAWishOrADumbTerminal_whenAsked_thenNone() {
        assertEquals(Paint.PLAIN, Terminal.paint(Map.of("BULWARK_TERMINAL_OUT", "0", "TERM", "xterm")));
        assertEquals(Paint.PLAIN, Terminal.paint(Map.of("TERM", "xterm")));
        assertEquals(Paint.PLAIN, Terminal.paint(Map.of("BULWARK_TERMINAL_OUT", "1", "TERM", "xterm", "NO_COLOR", "1")));
        assertEquals(Paint.PLAIN, Terminal.paint(Map.of("BULWARK_TERMINAL_OUT", "1", "TERM", "dumb")));
        assertEquals(Paint.PLAIN, Terminal.paint(Map.of("BULWARK_TERMINAL_OUT", "1")));
    }

    @Test
    void givenWidths_whenAsked_thenTheLaunchersUnlessItIsNone() {
        assertEquals(132, Terminal.columns(Map.of("BULWARK_COLUMNS", "132")));
        assertEquals(80, Terminal.columns(Map.of()));
        assertEquals(80, Terminal.columns(Map.of("BULWARK_COLUMNS", "0")));
        assertEquals(80, Terminal.columns(Map.of("BULWARK_COLUMNS", "wide")));
        assertEquals(Integer.MAX_VALUE, Terminal.resultColumns(Map.of("BULWARK_COLUMNS", "132")));
        assertEquals(132, Terminal.resultColumns(Map.of("BULWARK_COLUMNS", "132", "BULWARK_TERMINAL_OUT", "1")));
    }
}

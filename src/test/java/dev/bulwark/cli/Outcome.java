package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;

/** How a command ended. */
record Outcome(int code, String out, String err) {

    /** Runs the command line of these words in this process. */
    static Outcome of(Object... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new), new PrintWriter(out, true),
                new PrintWriter(err, true));
        return new Outcome(code, out.toString(), err.toString());
    }

    /** This outcome, of a command that must end well. */
    Outcome done() {
        assertEquals(0, code, err + out);
        return this;
    }

    /** Of a command that must end with this code and one line that holds {@code words}. */
    void failed(int expected, String words) {
        assertEquals(expected, code, err);
        assertTrue(err.startsWith("bulwark: ") && err.contains(words), err);
        assertEquals(1, err.lines().count(), err);
    }
}

package dev.bulwark.report;

/** Text that is broken into lines between words. */
public final class Paragraph {

    private static final String INDENT = "  ";

    private Paragraph() {
    }

    /**
     * {@code text} in lines of at most {@code width} characters, those behind the first indented. A word that is longer
     * than a line stays whole, so that paths and commands can be copied.
     */
    public static String wrapped(String text, int width) {
        StringBuilder lines = new StringBuilder();
        int length = 0;
        for (String word : text.split(" ")) {
            if (length > INDENT.length() && length + 1 + word.length() > width) {
                lines.append('\n').append(INDENT);
                length = INDENT.length();
            } else if (lines.length() > 0) {
                lines.append(' ');
                ++length;
            }
            lines.append(word);
            length += word.length();
        }
        return lines.toString();
    }
}

package dev.bulwark.report;

import java.util.Optional;

/** How rows of one type become lines of text, and back. Lines carry no line break. */
public sealed interface RowFormat<T extends Row> permits TabSeparated, JsonLines {

    /** The file's first line, for formats that have one. */
    Optional<String> header();

    String write(T row);

    /** @throws IllegalArgumentException if the line is no valid row; the message is one line and says why */
    T read(String line);
}

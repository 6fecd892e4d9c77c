package dev.bulwark.results;

import java.util.Optional;

/** How rows of one type become lines of text, and back. Lines carry no line break. */
public sealed interface RowFormat<T extends Row> permits TabSeparated, JsonLines, ProofRow.Lines {

    /** The file's first line, for formats that have one. */
    Optional<String> header();

    /**
     * Whether a file with this first line is one in this format: only such files are ours to cut or to replace.
     *
     * @param torn whether the file ends within the line, which may then be any part of one
     */
    boolean begins(String line, boolean torn);

    String write(T row);

    /** @throws IllegalArgumentException if the line is no valid row; the message is one line and says why */
    T read(String line);
}

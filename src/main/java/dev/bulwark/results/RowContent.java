package dev.bulwark.results;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a file of rows holds, up to its last complete and valid line.
 *
 * @param length bytes that the rows take, header included
 */
record RowContent<T extends Row>(List<T> rows, long length) {

    private static final List<RowFormat<?>> FORMATS = List.of(SmoothingRow.FORMAT, PredictionRow.FORMAT,
            CertificateRow.FORMAT, BoundsRow.FORMAT, ProofRow.FORMAT, AttackRow.FORMAT);
    /** No first line of ours is longer. */
    private static final int LONGEST_LINE = 1 << 20;
    private static final String WINDOWS = "ends with CR LF, as Windows writes lines; rows end with LF alone: convert the "
            + "file first, with dos2unix for instance";
    /** Characters of a line that a message shows. */
    private static final int SHOWN = 100;

    RowContent {
        rows = List.copyOf(rows);
    }

    static <T extends Row> RowContent<T> none() {
        return new RowContent<>(List.of(), 0);
    }

    /** Whether the file holds rows or nothing, so that replacing it loses no other content. */
    static boolean isEmptyOrRows(Path path) throws IOException {
        FirstLine first = FirstLine.of(path);
        FirstLine plain = new FirstLine(first.text.replaceFirst("\r$", ""), first.torn);
        return first.isMissing() || FORMATS.stream().anyMatch(plain::begins);
    }

    /** Whether a file holds more than a header of ours, whole or torn. */
    static boolean isMoreThanHeader(Path path) throws IOException {
        FirstLine first = FirstLine.of(path);
        boolean alone = first.torn || Files.size(path) == first.text.length() + 1;
        return !first.isMissing()
                && !(alone && FORMATS.stream().anyMatch(format -> format.header().isPresent() && first.begins(format)));
    }

    /** @throws RowException if the file is of another kind, or a line but the last is corrupt */
    static <T extends Row> RowContent<T> read(Path path, RowFormat<T> format) throws IOException {
        requireFormat(path, format);
        // Rows are ASCII. One char a byte keeps positions right whatever a damaged file holds.
        String text = Files.readString(path, StandardCharsets.ISO_8859_1);
        Map<Integer, T> rows = new LinkedHashMap<>();
        int start = format.header().map(header -> text.indexOf('\n') + 1).orElse(0);
        int number = format.header().isPresent() ? 2 : 1;
        for (int end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', start)) {
            try {
                T row = format.read(text.substring(start, end));
                Require.that(rows.putIfAbsent(row.index(), row) == null, "a second row for index " + row.index());
            } catch (IllegalArgumentException e) {
                // A row is written in one piece, so a torn one has no line break. Zeros are what the machine's crash leaves.
                if (end == text.length() - 1 && number > 1 && text.indexOf('\0', start) >= 0) {
                    break;
                }
                throw new RowException(path, number,
                        end > start && text.charAt(end - 1) == '\r' ? WINDOWS : e.getMessage());
            }
            start = end + 1;
            ++number;
        }
        return new RowContent<>(List.copyOf(rows.values()), start);
    }

    /** A file of another kind must be neither cut nor continued. A torn first line is fine. */
    private static void requireFormat(Path path, RowFormat<?> format) throws IOException {
        FirstLine first = FirstLine.of(path);
        if (first.isMissing() || first.begins(format)) {
            return;
        }
        if (format.header().isEmpty()) {
            requireRow(path, first, format);
        } else if (first.text.equals(format.header().get() + "\r")) {
            throw new RowException(path, 1, WINDOWS);
        } else {
            throw new RowException(path, 1, "is " + first.quoted() + ", expected the header \""
                    + format.header().get().replace('\t', ' ') + "\"");
        }
    }

    private static void requireRow(Path path, FirstLine first, RowFormat<?> format) {
        if (first.torn) {
            throw new RowException(path, 1, "is " + first.quoted()
                    + ", which is no row of this kind, nor the beginning of one");
        }
        try {
            format.read(first.text);
        } catch (IllegalArgumentException e) {
            throw new RowException(path, 1, e.getMessage());
        }
    }

    /**
     * How a file begins.
     *
     * @param text without the line break
     * @param torn whether the file ends before one
     */
    private record FirstLine(String text, boolean torn) {

        static FirstLine of(Path path) throws IOException {
            try (InputStream in = Files.newInputStream(path)) {
                String start = new String(in.readNBytes(LONGEST_LINE), StandardCharsets.ISO_8859_1);
                int end = start.indexOf('\n');
                return end < 0 ? new FirstLine(start, true) : new FirstLine(start.substring(0, end), false);
            }
        }

        boolean isMissing() {
            return text.isEmpty() && torn;
        }

        boolean begins(RowFormat<?> format) {
            return !isMissing() && format.begins(text, torn);
        }

        String quoted() {
            return "\"" + text.substring(0, Math.min(SHOWN, text.length())) + "\"";
        }
    }
}

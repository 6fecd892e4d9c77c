package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** Files of rows with a piece cut out, put in or replaced: read as rows that make sense, or refused in one line. */
class RowFileProperties {

    private Path folder;

    @BeforeProperty
    void makeFolder() throws IOException {
        folder = Files.createTempDirectory("rows");
    }

    @AfterProperty
    void deleteFolder() throws IOException {
        Files.deleteIfExists(folder.resolve("rows"));
        Files.delete(folder);
    }

    /** Where, how much, and by what. */
    record Splice(int from, int length, String other) {

        String into(String text) {
            int start = Math.min(from, text.length());
            return text.substring(0, start) + other + text.substring(Math.min(text.length(), start + length));
        }
    }

    @Provide
    Arbitrary<Splice> splices() {
        Arbitrary<String> other = Arbitraries.oneOf(Arbitraries.of("", "\n", "\t", "\r\n", "\0", "-", "9", "1e999",
                "NaN", "null",
                "{", "}", "[", "\"", ",\"x\":1", "99999999999999999999"), Arbitraries.strings().ofMaxLength(5));
        return Combinators.combine(Arbitraries.integers().between(0, 900), Arbitraries.integers().between(0, 20), other)
                .as(Splice::new);
    }

    @Property(tries = 400)
    void smoothingRows(@ForAll("splices") Splice splice) throws IOException {
        check(SmoothingRow.FORMAT, List.of(SampleRows.radius(1, 0.5), SampleRows.abstained(2), SampleRows.wrong(3, 1.25)),
                splice);
    }

    @Property(tries = 200)
    void predictionRows(@ForAll("splices") Splice splice) throws IOException {
        check(PredictionRow.FORMAT, List.of(PredictionRow.FORMAT.read("1\t2\t2\t1\t0:00:01"),
                PredictionRow.FORMAT.read("7\t2\t-1\t0\t1 day, 0:00:01.000001")), splice);
    }

    @Property(tries = 400)
    void certificateRows(@ForAll("splices") Splice splice) throws IOException {
        check(CertificateRow.FORMAT, List.of(SampleRows.votes(1, 90, 0.5), SampleRows.votes(2, 40, 0.5),
                SampleRows.votes(3, 100, 0.5)), splice);
    }

    @Property(tries = 200)
    void boundsRows(@ForAll("splices") Splice splice) throws IOException {
        check(BoundsRow.FORMAT, List.of(SampleRows.bounds(1, 0.1, 0, 1, true), SampleRows.bounds(2, 0.1, 1, -1, false)),
                splice);
    }

    @Property(tries = 200)
    void attackRows(@ForAll("splices") Splice splice) throws IOException {
        check(AttackRow.FORMAT, List.of(SampleRows.attack(1, 0, true), SampleRows.attack(2, 0, false),
                SampleRows.attack(3, 1, true)), splice);
    }

    private <T extends Row> void check(RowFormat<T> format, List<T> rows, Splice splice) throws IOException {
        Path file = folder.resolve("rows");
        String whole = format.header().map(header -> header + "\n").orElse("")
                + rows.stream().map(row -> format.write(row) + "\n").collect(Collectors.joining());
        byte[] mutated = splice.into(whole).getBytes(StandardCharsets.UTF_8);
        Files.write(file, mutated);
        try {
            List<T> read = RowFile.read(file, format);
            assertEquals(read, RowFile.read(file, format));
            try (RowFile<T> resumed = RowFile.resume(file, format)) {
                assertEquals(read, resumed.earlier());
            }
            String left = Files.readString(file);
            assertTrue(left.isEmpty() || left.endsWith("\n"), left);
        } catch (RowException e) {
            assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            assertEquals(new String(mutated, StandardCharsets.UTF_8), Files.readString(file), "it stays as it is");
        }
    }
}

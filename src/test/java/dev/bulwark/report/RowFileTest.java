package dev.bulwark.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowFileTest {

    private static final SmoothingRow FIRST = SmoothingRow.certified(0, 7, 7, 0.5, Duration.ofMillis(20));
    private static final SmoothingRow SECOND = SmoothingRow.abstained(20, 2, Duration.ofMillis(30));
    private static final String WHOLE = """
            idx\tlabel\tpredict\tradius\tcorrect\ttime
            0\t7\t7\t0.5\t1\t0:00:00.020000
            20\t2\t-1\t0.0\t0\t0:00:00.030000
            """;

    @TempDir
    private Path folder;
    private Path path;

    @BeforeEach
    void inAFolderThatDoesNotExistYet() {
        path = folder.resolve("smoothing/sigma-0.25.tsv");
    }

    @Test
    void givenNoFile_whenRowsAppended_thenEachIsThereBeforeClosing() throws IOException {
        try (RowFile<SmoothingRow> file = RowFile.create(path, SmoothingRow.FORMAT)) {
            file.append(FIRST);
            assertEquals(List.of(FIRST), RowFile.read(path, SmoothingRow.FORMAT));
            file.append(SECOND);
            assertEquals(WHOLE, Files.readString(path));
        }
    }

    @Test
    void givenEveryPossibleTear_whenResumed_thenEndsAsIfNeverTorn() throws IOException {
        for (int length = 0; length <= WHOLE.length(); ++length) {
            given(WHOLE.substring(0, length));
            try (RowFile<SmoothingRow> file = RowFile.resume(path, SmoothingRow.FORMAT)) {
                for (SmoothingRow row : List.of(FIRST, SECOND)) {
                    if (!file.contains(row.index())) {
                        file.append(row);
                    }
                }
            }
            assertEquals(WHOLE, Files.readString(path), "torn at byte " + length);
        }
    }

    @Test
    void givenTornLastLine_whenRead_thenRowsBeforeItAndFileUntouched() throws IOException {
        given(WHOLE + "40\t1\t1\t0.");
        assertEquals(List.of(FIRST, SECOND), RowFile.read(path, SmoothingRow.FORMAT));
        assertEquals(WHOLE + "40\t1\t1\t0.", Files.readString(path));
    }

    @Test
    void givenLastLineOfZeros_whenResumed_thenCut() throws IOException {
        given(WHOLE + "\0\0\0\0\n");
        try (RowFile<SmoothingRow> file = RowFile.resume(path, SmoothingRow.FORMAT)) {
            assertEquals(List.of(FIRST, SECOND), file.earlier());
        }
        assertEquals(WHOLE, Files.readString(path));
    }

    @Test
    void givenCorruptLineInTheMiddle_whenResumed_thenErrorNamesFileAndLineAndFileStays() throws IOException {
        String corrupt = WHOLE.replace("\t0.5\t", "\t0,5\t");
        given(corrupt);
        String message = assertThrows(RowException.class, () -> RowFile.resume(path, SmoothingRow.FORMAT)).getMessage();
        assertEquals(path + ", line 2: radius is \"0,5\", not a number", message);
        assertEquals(corrupt, Files.readString(path));
    }

    @Test
    void givenTwoRowsOfOneImage_whenRead_thenErrorNamesIt() throws IOException {
        given(WHOLE + "0\t7\t7\t0.5\t1\t0:00:00\n40\t7\t7\t0.5\t1\t0:00:00\n");
        String message = assertThrows(RowException.class, () -> RowFile.read(path, SmoothingRow.FORMAT)).getMessage();
        assertEquals(path + ", line 4: a second row for index 0", message);
    }

    @Test
    void givenFileOfAnotherKind_whenResumed_thenRefusedAndKept() throws IOException {
        given("my notes");
        assertThrows(RowException.class, () -> RowFile.resume(path, SmoothingRow.FORMAT));
        assertEquals("my notes", Files.readString(path));
    }

    @Test
    void givenEarlierRows_whenCreated_thenRefusedButReplacedOnRequest() throws IOException {
        given(WHOLE);
        assertThrows(FileAlreadyExistsException.class, () -> RowFile.create(path, SmoothingRow.FORMAT));
        RowFile.replace(path, SmoothingRow.FORMAT).close();
        assertEquals(WHOLE.lines().findFirst().orElseThrow() + "\n", Files.readString(path));
    }

    @Test
    void givenRowOfTheSameImage_whenAppended_thenRefused() throws IOException {
        given(WHOLE);
        try (RowFile<SmoothingRow> file = RowFile.resume(path, SmoothingRow.FORMAT)) {
            assertTrue(file.contains(20));
            assertFalse(file.contains(40));
            assertThrows(IllegalArgumentException.class, () -> file.append(SECOND));
        }
        assertEquals(WHOLE, Files.readString(path));
    }

    @Test
    void givenJsonLines_whenTorn_thenResumesWithoutHeader() throws IOException {
        AttackRow row = new AttackRow(1, 4, 4, false, 4, 0.1, Optional.empty());
        given(AttackRow.FORMAT.write(row) + "\n" + AttackRow.FORMAT.write(row));
        try (RowFile<AttackRow> file = RowFile.resume(path, AttackRow.FORMAT)) {
            assertEquals(List.of(row), file.earlier());
            file.append(new AttackRow(2, 4, 4, true, 9, 0.1, Optional.empty()));
        }
        assertEquals(2, RowFile.read(path, AttackRow.FORMAT).size());
    }

    private void given(String content) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }
}

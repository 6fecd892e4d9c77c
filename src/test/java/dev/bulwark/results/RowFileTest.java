package dev.bulwark.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.files.InUseException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
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
    void givenAnyPieceOfAFile_whenCreated_thenRefusedFromTheFirstByteOfARow() throws IOException {
        int header = WHOLE.indexOf('\n') + 1;
        for (int length = 0; length <= WHOLE.length(); ++length) {
            given(WHOLE.substring(0, length));
            if (length > header) {
                assertThrows(FileAlreadyExistsException.class, () -> RowFile.create(path, SmoothingRow.FORMAT));
                assertEquals(length, Files.size(path));
            } else {
                RowFile.create(path, SmoothingRow.FORMAT).close();
                assertEquals(WHOLE.substring(0, header), Files.readString(path));
            }
        }
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
        AttackRow row = AttackRow.stands(new CleanPrediction(1, 4, 4), 4);
        given(AttackRow.FORMAT.write(row) + "\n" + AttackRow.FORMAT.write(row));
        try (RowFile<AttackRow> file = RowFile.resume(path, AttackRow.FORMAT)) {
            assertEquals(List.of(row), file.earlier());
            file.append(AttackRow.broken(new CleanPrediction(2, 4, 4), 9, 0.1, Optional.empty()));
        }
        assertEquals(2, RowFile.read(path, AttackRow.FORMAT).size());
    }

    private void given(String content) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, content);
    }

    // ---- whose file it is ---------------------------------------------------------------------------------------------

    /** A user's files that resemble row files. */
    private static final List<String> FOREIGN = List.of("my notes", "my notes\n", "\n", "{", "{}\n", "[1]\n", "\0\0\0\0",
            "{\"index\":3,\"text\":\"a\"}\n", "{\"index\":3,\"label\":2,\"text\":\"a\"}\n", "{\"index\":3,\"label\":2,\"te",
            "{\"index\":3,\"label\":2,\"predict\":1,\"radius\":{", "idx\tlabel\n",
            "idx\tlabel\tpredict\tradius\tcorrect\ttime\tmore",
            "index,label\n1,2\n");

    @Test
    void givenSomebodysFile_whenOpenedInAnyWay_thenRefusedAndNotAByteChanges() throws IOException {
        for (String content : FOREIGN) {
            for (RowFormat<? extends Row> format : List.of(SmoothingRow.FORMAT, CertificateRow.FORMAT, AttackRow.FORMAT)) {
                if (content.equals("{") && format != SmoothingRow.FORMAT) {
                    continue; // the first byte of a row
                }
                given(content);
                assertThrows(RowException.class, () -> RowFile.resume(path, format), content);
                assertThrows(RowException.class, () -> RowFile.read(path, format), content);
                if (!content.equals("{")) {
                    assertThrows(RowException.class, () -> RowFile.create(path, format), content);
                    assertThrows(RowException.class, () -> RowFile.replace(path, format), content);
                }
                assertEquals(content, Files.readString(path));
            }
        }
    }

    @Test
    void givenAnyTearOfTheFirstJsonLine_whenResumed_thenItIsTakenForOursAndCut() throws IOException {
        String line = CertificateRow.FORMAT.write(SampleRows.votes(3, 90, 0.25)) + "\n";
        for (int length = 0; length < line.length(); ++length) {
            given(line.substring(0, length));
            RowFile.resume(path, CertificateRow.FORMAT).close();
            assertEquals("", Files.readString(path), "torn at byte " + length);
        }
    }

    @Test
    void givenAWholeLineThatClaimsTooMuch_whenFirstOrLast_thenRefusedAndKept() throws IOException {
        String fine = CertificateRow.FORMAT.write(SampleRows.votes(3, 90, 0.25)) + "\n";
        String altered = fine.replaceFirst("\"index\":3(.*)\"radius\":[^,]*", "\"index\":4$1\"radius\":99");
        for (String content : List.of(altered, fine + altered, altered + fine)) {
            given(content);
            for (Executable opening : List.<Executable>of(() -> RowFile.read(path, CertificateRow.FORMAT),
                    () -> RowFile.resume(path, CertificateRow.FORMAT))) {
                String complaint = assertThrows(RowException.class, opening).getMessage();
                assertTrue(complaint.contains("radius is 99.0, but"), complaint);
            }
            assertEquals(content, Files.readString(path));
        }
    }

    @Test
    void givenRowsOfAnyKindOrVersion_whenReplaced_thenTheyGo() throws IOException {
        for (String content : List.of(WHOLE, "idx\tlabel\tpredict\tcorrect\ttime\n", WHOLE.replace("\n", "\r\n"),
                AttackRow.FORMAT.write(SampleRows.attack(1, 0, false)) + "\n",
                BoundsRow.FORMAT.write(SampleRows.bounds(1, 0.1, 0, 1, true)),
                "{\"index\":9,\"label\":4,\"clean_prediction\":4,\"broken\":true,\"adversarial_prediction\":2,"
                        + "\"linf\":0.1}\n",
                CertificateRow.FORMAT.write(SampleRows.votes(1, 90, 1)).replaceFirst("\"radius\":[^,]*", "\"radius\":99"))) {
            given(content);
            RowFile.replace(path, AttackRow.FORMAT).close();
            assertEquals("", Files.readString(path));
        }
    }

    @Test
    void givenRowsWithWindowsLineEnds_whenReadOrResumed_thenTheMessageSaysSo() throws IOException {
        given(WHOLE.replace("\n", "\r\n"));
        for (RowException refusal : List.of(assertThrows(RowException.class, () -> RowFile.read(path, SmoothingRow.FORMAT)),
                assertThrows(RowException.class, () -> RowFile.resume(path, SmoothingRow.FORMAT)))) {
            assertTrue(refusal.getMessage().contains("CR LF"), refusal.getMessage());
        }
    }

    @Test
    void givenAFolderOrADevice_whenAsked_thenItMayNotBeReplaced() throws IOException {
        assertFalse(RowFile.mayBeReplaced(folder));
        assertFalse(RowFile.mayBeReplaced(Path.of("/dev/null")));
        assertFalse(RowFile.mayBeReplaced(folder.resolve("absent")));
    }

    // ---- one writer, and a file that is there ---------------------------------------------------------------------------

    @Test
    void givenAFileThatIsBeingWritten_whenOpenedAgainInAnyWay_thenRefusedUntilClosedAndNothingElseIsLeft()
            throws IOException {
        try (RowFile<SmoothingRow> file = RowFile.create(path, SmoothingRow.FORMAT)) {
            file.append(FIRST);
            RowFile.read(path, SmoothingRow.FORMAT);
            assertThrows(InUseException.class, () -> RowFile.resume(path, SmoothingRow.FORMAT));
            assertThrows(InUseException.class, () -> RowFile.replace(path, SmoothingRow.FORMAT));
            assertThrows(InUseException.class, () -> RowFile.create(path, SmoothingRow.FORMAT));
            file.append(SECOND);
        }
        assertEquals(WHOLE, Files.readString(path));
        try (var files = Files.list(path.getParent())) {
            assertEquals(List.of(path), files.toList());
        }
        RowFile.resume(path, SmoothingRow.FORMAT).close();
    }

    @Test
    void givenAFileThatCouldNotBeOpened_whenMended_thenItIsFreeAgain() throws IOException {
        given("my notes");
        assertThrows(RowException.class, () -> RowFile.resume(path, SmoothingRow.FORMAT));
        Files.delete(path);
        RowFile.resume(path, SmoothingRow.FORMAT).close();
    }

    @Test
    void givenAFileRemovedWhileOpen_whenAppendedToOrClosed_thenAnErrorNamesIt() throws IOException {
        for (boolean replaced : new boolean[] {false, true}) {
            RowFile<SmoothingRow> file = RowFile.create(path, SmoothingRow.FORMAT);
            file.append(FIRST);
            Files.delete(path);
            if (replaced) {
                given(WHOLE);
            }
            assertGone(() -> file.append(SECOND));
            assertGone(file::close);
            Files.deleteIfExists(path);
        }
    }

    @Test
    void givenAFolderRemovedWhileOpen_whenAppendedToOrClosed_thenAnErrorNamesTheFile() throws IOException {
        RowFile<SmoothingRow> file = RowFile.create(path, SmoothingRow.FORMAT);
        Files.delete(path);
        Files.delete(path.resolveSibling(".sigma-0.25.tsv.lock"));
        Files.delete(path.getParent());
        assertGone(() -> file.append(SECOND));
        assertGone(file::close);
    }

    private void assertGone(Executable work) {
        String complaint = assertThrows(FileSystemException.class, work).getMessage();
        assertTrue(complaint.startsWith(path + ": ") && complaint.contains("removed") && complaint.lines().count() == 1,
                complaint);
    }
}

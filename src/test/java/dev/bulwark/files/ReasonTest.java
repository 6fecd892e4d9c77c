package dev.bulwark.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReasonTest {

    @Test
    void givenAnyFailure_whenSaid_thenOneLineWithoutTheNameOfAClass() {
        for (IOException failure : List.of(new AccessDeniedException("/x"), new NoSuchFileException("/x"),
                new NotDirectoryException("/x"), new FileAlreadyExistsException("/x"),
                new FileSystemException("/x", null, "Too many open files"), new IOException("No space left on device"),
                new FileSystemException("/x", "/y", "Invalid cross-device link"))) {
            String reason = Reason.of(failure);
            assertEquals(1, reason.lines().count());
            assertFalse(reason.contains("Exception") || reason.contains("/x"), reason);
            assertEquals("/z: " + reason, Reason.at(Path.of("/z"), failure).getMessage());
        }
        assertEquals("EOFException", Reason.of(new java.io.EOFException()), "better than nothing");
    }

    @Test
    void givenStreamsOfJavaIo_whenTheyFail_thenTheSameWords(@TempDir Path folder) {
        assertEquals("is a folder, not a file",
                Reason.of(assertThrows(FileNotFoundException.class, () -> new FileInputStream(folder.toFile()))));
        assertEquals("no such file or folder", Reason.of(assertThrows(FileNotFoundException.class,
                () -> new FileInputStream(folder.resolve("absent").toFile()))));
    }
}

package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceLostException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What users read when something fails, and what happens to output that is not read. */
class ExplanationTest {

    @Test
    void givenAnyFailure_whenExplained_thenOneLineThatSaysWhatAndOftenWhatToDo() {
        Map<Throwable, String> expected = Map.of(
                new OutOfMemoryError("Java heap space"), "BULWARK_JAVA_OPTS=-Xmx8g",
                new OutOfMemoryError("unable to create native thread: possibly out of memory"), "ulimit -u",
                new OutOfMemoryError("Cannot reserve 8 bytes of direct buffer memory"), "beside the heap",
                new OutOfMemoryError(), "-Xmx",
                new StackOverflowError(), "-Xss",
                new AccessDeniedException("/x/rows.tsv"), "/x/rows.tsv: permission denied",
                new NoSuchFileException("/x"), "/x: no such file or folder",
                new FileSystemException("/x", null, "Too many open files"),
                        "/x: too many open files: raise the limit with ulimit -n",
                new IOException("No space left on device"), "no space left on the device: free some",
                new UncheckedIOException(new FileSystemException("/x", null, "Disk quota exceeded")),
                        "/x: the disk quota is used up");
        expected.forEach((failure, words) -> {
            String line = Explanation.of(failure);
            assertTrue(line.contains(words) && line.lines().count() == 1, line);
            assertFalse(line.contains("Exception"), line);
            assertEquals(ExitCode.OTHER, ExitCode.of(failure));
        });
    }

    @ParameterizedTest
    @EnumSource(DeviceException.Advice.class)
    void givenADevicesAdvice_whenExplained_thenTheOptionForItFollows(DeviceException.Advice advice) {
        DeviceException failure = new DeviceException("no such thing: use another").advising(advice);
        assertFalse(failure.getMessage().contains("--"), failure.getMessage());
        assertTrue(Explanation.of(failure).matches("no such thing: use another \\(--[a-z -]+\\)"), Explanation.of(failure));
        assertEquals(ExitCode.DEVICE, ExitCode.of(failure));
    }

    @Test
    void givenALostDevice_whenExplained_thenResumeIsNamed() {
        assertEquals("the GPU is gone: start again (--device); --resume goes on with what was finished",
                Explanation.of(new DeviceLostException("the GPU is gone: start again")
                        .advising(DeviceException.Advice.OTHER_DEVICE)));
    }

    @Test
    void givenAClassThatIsReallyMissing_whenExplained_thenItIsNamed() {
        assertTrue(Explanation.of(new NoClassDefFoundError("some/Library")).contains("some/Library"));
    }

    @Test
    void givenOutputThatIsLost_whenTheCommandEnds_thenAnErrorUnlessThereIsOneAlready() {
        StringWriter err = new StringWriter();
        Optional<IOException> lost = lostBy("No space left on device");
        assertEquals(1, Main.written(lost, 0, new PrintWriter(err, true)));
        assertEquals("bulwark: standard output: no space left on the device: free some, or write elsewhere"
                + System.lineSeparator(),
                err.toString());
        assertEquals(3, Main.written(lost, 3, new PrintWriter(err, true)));
    }

    @Test
    void givenAReaderThatHasEnough_whenTheCommandEnds_thenNothingIsPrinted() {
        assertEquals(0, Main.written(lostBy("Broken pipe"), 0, new PrintWriter(new StringWriter())));
    }

    @Test
    void givenOutputThatIsTaken_whenWritten_thenEveryByteIsThere() {
        ByteArrayOutputStream taken = new ByteArrayOutputStream();
        StandardOutput output = new StandardOutput(taken);
        output.writer().println("a line");
        output.write('b');
        assertEquals("a line" + System.lineSeparator() + "b", taken.toString());
        assertTrue(output.failure().isEmpty());
    }

    private static Optional<IOException> lostBy(String reason) {
        StandardOutput output = new StandardOutput(new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException(reason);
            }
        });
        output.writer().println("{}");
        return output.failure();
    }
}

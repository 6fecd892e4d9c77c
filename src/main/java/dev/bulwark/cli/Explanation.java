package dev.bulwark.cli;

import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceLostException;
import dev.bulwark.files.Reason;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;

/** A failure in one line that says what and, where it is known, what to do. */
final class Explanation {

    private static final String MORE_HEAP = "give the JVM more with BULWARK_JAVA_OPTS=-Xmx8g, or ask for less at a time "
            + "(--limit, --train-limit)";

    private Explanation() {
    }

    static String of(Throwable failure) {
        if (failure instanceof UncheckedIOException wrapped) {
            return of(wrapped.getCause());
        }
        if (failure instanceof FileSystemException file && file.getFile() != null) {
            return firstLine(file.getFile()) + ": " + Reason.of(file);
        }
        if (failure instanceof IOException io) {
            return Reason.of(io);
        }
        if (failure instanceof OutOfMemoryError) {
            return outOfMemory(String.valueOf(failure.getMessage()));
        }
        if (failure instanceof StackOverflowError) {
            return "the stack overflowed: the input is nested too deeply, or the JVM needs BULWARK_JAVA_OPTS=-Xss16m; "
                    + "--debug shows where";
        }
        if (failure instanceof LinkageError || failure instanceof TypeNotPresentException) {
            return unloadable(failure);
        }
        return other(failure);
    }

    private static String outOfMemory(String message) {
        if (message.contains("native thread")) {
            return "no more threads: raise the limit with ulimit -u, or give the machine more memory";
        }
        if (message.contains("array size")) {
            return "out of memory: an array would be too long for the JVM; ask for less at a time";
        }
        if (message.contains("irect") || message.contains("hysical")) {
            return "out of memory beside the heap: use a machine with more memory, or ask for less at a time";
        }
        return "out of memory: " + MORE_HEAP;
    }

    /** Classes are files: where no more can be opened, the JVM says that a class is missing. */
    private static String unloadable(Throwable failure) {
        try (FileInputStream probe = new FileInputStream("/dev/null")) {
            return other(failure);
        } catch (IOException e) {
            return Reason.of(e);
        }
    }

    private static String other(Throwable failure) {
        String message = OptionNames.in(failure);
        if (message == null || message.isBlank()) {
            return failure.getClass().getSimpleName() + "; --debug shows where";
        }
        boolean ours = failure.getClass().getName().startsWith("dev.bulwark.");
        return ours || failure instanceof IllegalArgumentException ? firstLine(message) + option(failure)
                : failure.getClass().getSimpleName() + ": " + firstLine(message) + "; --debug shows where";
    }

    /** How this command line asks for what a device's message advises. */
    private static String option(Throwable failure) {
        if (!(failure instanceof DeviceException device)) {
            return "";
        }
        String option = device.advice().map(advice -> switch (advice) {
            case CPU -> " (--device cpu)";
            case OTHER_DEVICE -> " (--device)";
            case PRECISION -> " (--precision)";
            case AUTOMATIC_KERNELS -> " (--noisy-kernels auto)";
            case PRODUCTS -> " (--training-precision)";
        }).orElse("");
        return failure instanceof DeviceLostException ? option + "; --resume goes on with what was finished" : option;
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }
}

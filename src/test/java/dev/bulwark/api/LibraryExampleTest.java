package dev.bulwark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that README shows, as it stands there. */
@DisplayName("The library example in README.md")
class LibraryExampleTest {

    private static final Pattern EXAMPLE = Pattern.compile("<!-- example: library -->\n```java\n(.*?)\n```", Pattern.DOTALL);

    @TempDir
    private Path folder;

    @Test
    void givenTheReadme_whenItsExampleIsCompiledAndRun_thenItSaysWhatItFound() throws Exception {
        Path model = folder.resolve("tiny.safetensors");
        ModelFile.write(model, Mlp.random(new SplittableRandom(3), 0.5, 6, 5, 3), Precision.F32, Map.of());
        compile(example());

        String printed = run(model);

        assertTrue(printed.contains("Certified") || printed.contains("Undecided"), printed);
        assertTrue(printed.contains("running on "), printed);
    }

    private static String example() throws Exception {
        Matcher example = EXAMPLE.matcher(Files.readString(Path.of("README.md")));
        assertTrue(example.find(), "README.md has no example that the marker names");
        return example.group(1);
    }

    private void compile(String program) throws Exception {
        Path source = Files.writeString(folder.resolve("Example.java"), program);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        ByteArrayOutputStream complaints = new ByteArrayOutputStream();
        int status = compiler.run(null, complaints, complaints, "-cp", System.getProperty("java.class.path"), "-proc:none",
                "-d", folder.toString(), source.toString());
        assertEquals(0, status, complaints::toString);
    }

    /** In a process of its own: what it looks for, and doesn't find, the JVM would keep for the tests behind this one. */
    private String run(Path model) throws Exception {
        Path printed = folder.resolve("printed");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path") + File.pathSeparator + folder, "Example", model.toString())
                .redirectErrorStream(true).redirectOutput(printed.toFile()).start();
        assertTrue(process.waitFor(2, TimeUnit.MINUTES), "still running");
        assertEquals(0, process.exitValue(), Files.readString(printed));
        return Files.readString(printed);
    }
}

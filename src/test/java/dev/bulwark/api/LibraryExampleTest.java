package dev.bulwark.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.bulwark.model.Mlp;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
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

        assertTrue(printed.contains("within an l2 distance of ") || printed.startsWith("Certified")
                || printed.startsWith("Undecided"), printed);
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

    private String run(Path model) throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream before = System.out;
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) new String[] {model.toString()});
        } finally {
            System.setOut(before);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}

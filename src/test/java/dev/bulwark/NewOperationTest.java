package dev.bulwark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whoever adds an operation is told by the compiler where it must be given a meaning: the sources are compiled with one more
 * kind, and every place that doesn't answer for it is an error. These are the lists.
 */
class NewOperationTest {

    private static final Path SOURCES = Path.of("src/main/java/dev/bulwark");
    private static final List<String> PACKAGES = List.of("model", "plan", "bounds", "attack", "smoothing", "training");

    @TempDir
    private Path classes;

    @Test
    void givenOneMoreOperation_whenCompiled_thenEachPlaceThatMustAnswerForItIsNamed() throws IOException {
        assertEquals(Set.of("plan/Plan.java", "bounds/HostPass.java", "model/io/onnx/OnnxWriter.java"),
                placesThatMissOneMore("model/Op.java", "Op", """
                        record OneMore() implements Op {
                            @Override
                            public Shape outputShape(List<Shape> inputs) {
                                return inputs.get(0);
                            }

                            @Override
                            public <R> R accept(Visitor<R> visitor) {
                                return visitor.oneMore(this);
                            }
                        }
                        """));
    }

    @Test
    void givenOneMoreStep_whenCompiled_thenEachPassThatMustAnswerForItIsNamed() throws IOException {
        assertEquals(Set.of("plan/Boxes.java", "plan/ChainRule.java", "plan/Deviations.java", "plan/Logits.java", "plan/Slots.java",
                        "bounds/AlphaOptimisation.java", "bounds/BackwardPass.java", "bounds/CrownPass.java", "bounds/PatchPass.java",
                        "bounds/RelaxedPlan.java", "training/TrainingPass.java"),
                placesThatMissOneMore("plan/Step.java", "Step", """
                        record OneMore(int from, int to) implements Step {
                            @Override
                            public int[] reads() {
                                return new int[] {from};
                            }

                            @Override
                            public <R> R accept(Visitor<R> visitor) {
                                return visitor.oneMore(this);
                            }
                        }
                        """));
    }

    /**
     * Files with errors once a sealed type has one more kind.
     *
     * @param file of the sealed type
     * @param kind the kind's source, named OneMore
     */
    private Set<String> placesThatMissOneMore(String file, String type, String kind) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> errors = new DiagnosticCollector<>();
        compiler.getTask(null, null, errors, List.of("-proc:none", "-nowarn", "-d", classes.toString(), "-Xmaxerrs", "1000",
                "-classpath", System.getProperty("java.class.path")), null, sources(file, type, kind)).call();
        Set<String> places = new TreeSet<>();
        for (Diagnostic<? extends JavaFileObject> error : errors.getDiagnostics()) {
            if (error.getKind() == Diagnostic.Kind.ERROR) {
                assertTrue(error.getMessage(null).contains("oneMore"), error.toString());
                places.add(SOURCES.relativize(Path.of(error.getSource().getName())).toString());
            }
        }
        return places;
    }

    private static List<JavaFileObject> sources(String file, String type, String kind) throws IOException {
        List<JavaFileObject> sources = new ArrayList<>();
        for (String each : PACKAGES) {
            try (Stream<Path> files = Files.walk(SOURCES.resolve(each))) {
                for (Path source : files.filter(path -> path.toString().endsWith(".java")).sorted().toList()) {
                    String text = Files.readString(source);
                    if (source.equals(SOURCES.resolve(file))) {
                        text = replaced(text, "interface Visitor<R> {", "interface Visitor<R> {\n R oneMore(OneMore it);\n");
                        text = replaced(text, "public sealed interface " + type + " {", "public sealed interface " + type
                                + " {\n" + kind);
                    }
                    sources.add(new Source(source, text));
                }
            }
        }
        return sources;
    }

    private static String replaced(String text, String old, String by) {
        assertTrue(text.contains(old), old);
        return text.replace(old, by);
    }

    private static final class Source extends SimpleJavaFileObject {

        private final Path path;
        private final String text;

        Source(Path path, String text) {
            super(URI.create("string:///" + path.toString().replace('\\', '/')), Kind.SOURCE);
            this.path = path;
            this.text = text;
        }

        @Override
        public String getName() {
            return path.toString();
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }
}

package dev.bulwark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.results.SampleRows;
import dev.bulwark.training.Initialisation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests of whole commands on the CPU, with an untrained network for images of 28 x 28 in a folder of each test. */
abstract class WholeCommands {

    static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> COMPUTING =
            Set.of("certify", "predict", "verify", "attack", "train", "reproduce", "tradeoff", "bench");

    @TempDir
    Path folder;
    Path model;

    @BeforeEach
    void writeModel() {
        model = folder.resolve("model.safetensors");
        ModelFile.write(model, Initialisation.KAIMING_UNIFORM.network(new int[] {784, 24, 10}, 1), Precision.F32, Map.of());
    }

    /** The words of a command line, on the CPU: a GPU of this machine plays no part in these tests. */
    static Object[] words(Object... arguments) {
        List<Object> words = new ArrayList<>(Arrays.stream(arguments).<Object>map(Object::toString).toList());
        boolean computes = !words.isEmpty() && COMPUTING.contains(words.get(0)) && words.size() > 1;
        if (computes && !words.contains("--device") && !words.contains("--help")) {
            words.addAll(List.of("--device", "cpu"));
        }
        return words.toArray();
    }

    static Outcome done(Object... arguments) {
        return Outcome.of(words(arguments)).done();
    }

    static void fails(int code, String words, Object... arguments) {
        Outcome.of(words(arguments)).failed(code, words);
    }

    static Object[] with(Object[] common, Object... more) {
        return Stream.concat(Arrays.stream(common), Arrays.stream(more)).toArray();
    }

    /** The rows of a file without what a clock decides. */
    static List<String> timeless(Path rows) throws IOException {
        return Files.readAllLines(rows).stream().map(line -> SampleRows.untimed(line.replaceAll("\t[^\t]*$", ""))).toList();
    }

    /** Names of the fields of a JSON object, in their order. */
    static List<String> fields(String line) throws IOException {
        List<String> names = new ArrayList<>();
        JSON.readTree(line).fieldNames().forEachRemaining(names::add);
        return names;
    }
}

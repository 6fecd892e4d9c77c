package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images of other shapes and numbers of classes than MNIST's, through training, certificates, attacks and reports. */
class AnyImagesTest {

    private static final int TRAINING = 900;
    private static final int TEST = 24;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private Path data;

    /** One kind of image. */
    private record Kind(ImageShape shape, int classes) {

        /**
         * Class c is bright where (row + 2 channel + column) mod classes is c, everything else dark, all with some noise.
         */
        byte[] pixels(int image) {
            byte[] pixels = new byte[shape.size()];
            for (int k = 0; k < pixels.length; ++k) {
                int pattern = k / shape.area() * 2 + k % shape.area() / shape.width() + k % shape.width();
                boolean bright = pattern % classes == label(image);
                pixels[k] = (byte) ((bright ? 190 : 0) + (k * 31 + image * 17) % 61);
            }
            return pixels;
        }

        int label(int image) {
            return image % classes;
        }

        void write(Path data, String split, int count) throws IOException {
            ByteBuffer images = ByteBuffer.allocate(20 + count * shape.size());
            boolean grey = shape.channels() == 1;
            images.putInt(grey ? 0x803 : 0x804).putInt(count);
            if (!grey) {
                images.putInt(shape.channels());
            }
            images.putInt(shape.height()).putInt(shape.width());
            ByteBuffer labels = ByteBuffer.allocate(8 + count).putInt(0x801).putInt(count);
            for (int image = 0; image < count; ++image) {
                images.put(pixels(image));
                labels.put((byte) label(image));
            }
            Files.write(data.resolve(split + (grey ? "-images-idx3-ubyte" : "-images-idx4-ubyte")),
                    Arrays.copyOf(images.array(), images.position()));
            Files.write(data.resolve(split + "-labels-idx1-ubyte"), labels.array());
        }
    }

    private void givenData(Kind kind) throws IOException {
        data = Files.createDirectories(folder.resolve("data"));
        kind.write(data, "train", TRAINING);
        kind.write(data, "t10k", TEST);
    }

    private String done(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(words(arguments), new PrintWriter(out, true), new PrintWriter(err, true));
        assertEquals(0, code, err.toString());
        return out.toString();
    }

    private String[] words(Object... arguments) {
        Stream<Object> common = arguments[0].equals("report") ? Stream.of("--quiet")
                : Stream.of("--data", data, "--device", "cpu", "--quiet");
        return Stream.concat(Arrays.stream(arguments), common).map(Object::toString).toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource({"3, 9, 13, 7", "1, 20, 20, 4", "1, 20, 20, 12"})
    void givenImagesOfAnyShape_whenTrainedCertifiedVerifiedAttackedAndReported_thenAllSpeaksOfTheirShapeAndClasses(
            int channels, int height, int width, int classes) throws IOException {
        Kind kind = new Kind(new ImageShape(channels, height, width), classes);
        givenData(kind);
        Path smoothing = folder.resolve("smoothing.safetensors");
        Path ibp = folder.resolve("ibp.safetensors");
        done("train", "smoothing", "--sigma", 0.1, "--hidden", 24, "--out", smoothing);
        done("train", "ibp", "--epsilon", 0.02, "--hidden", 24, "--out", ibp);
        for (Path model : List.of(smoothing, ibp)) {
            Graph graph = ModelFile.read(model).graph();
            assertEquals(kind.shape.size(), graph.input().size());
            assertEquals(classes, graph.classes());
            double clean = Double.parseDouble(ModelFile.read(model).metadata().get("clean_accuracy"));
            assertTrue(clean >= 90, "it learns: " + clean);
        }

        Path rows = folder.resolve("rows");
        Path votes = rows.resolve("votes.jsonl");
        done("certify", smoothing, "--sigma", 0.1, "--n0", 10, "--n", 60, "--alpha", 0.01, "--out", rows.resolve("rows.tsv"),
                "--certificates", votes);
        JsonNode vote = JSON.readTree(Files.readAllLines(votes).get(0));
        assertEquals(classes, vote.path("counts").size());
        done("verify", ibp, "--epsilon", 0.02, "--method", "ibp", "--out", rows.resolve("ibp.jsonl"));
        JsonNode bounds = JSON.readTree(Files.readAllLines(rows.resolve("ibp.jsonl")).get(0));
        assertEquals(classes, bounds.path("lower").size());
        done("verify", smoothing, "--epsilon", 0.01, "--method", "crown", "--limit", 3, "--out",
                rows.resolve("crown.jsonl"));
        done("attack", ibp, "--epsilon", 0.02, "--steps", 3, "--restarts", 1, "--out", rows.resolve("pgd.jsonl"));
        assertEquals(TEST, Files.readAllLines(rows.resolve("pgd.jsonl")).size());

        done("report", rows.resolve("rows.tsv"), rows.resolve("ibp.jsonl"), rows.resolve("pgd.jsonl"), "--out",
                folder.resolve("report"));
        assertTrue(Files.exists(folder.resolve("report/report.html")));
    }
}

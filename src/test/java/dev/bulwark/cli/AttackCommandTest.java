package dev.bulwark.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.bulwark.data.Dataset;
import dev.bulwark.data.Digits;
import dev.bulwark.data.NpyBytes;
import dev.bulwark.data.Split;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceMemory;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.plan.Logits;
import dev.bulwark.plan.Plan;
import dev.bulwark.results.AttackRow;
import dev.bulwark.results.RowFile;
import dev.bulwark.training.Initialisation;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code attack} in balls of either norm, and the images that it keeps. */
class AttackCommandTest {

    private static final int SIZE = 784;
    private static final int HEADER = 128;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private Path rows;

    @BeforeEach
    void writeModel() {
        rows = folder.resolve("rows.jsonl");
        ModelFile.write(folder.resolve("model.safetensors"),
                Initialisation.KAIMING_UNIFORM.network(new int[] {SIZE, 24, 10}, 1), Precision.F32, Map.of());
    }

    private String attack(int code, Object... more) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Object[] words = Stream.concat(Stream.of("attack", folder.resolve("model.safetensors"), "--dataset", "digits", "--steps", 4,
                "--restarts", 1, "--out", rows, "--device", "cpu", "--quiet"), Arrays.stream(more)).toArray();
        assertEquals(code, Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new),
                new PrintWriter(out, true), new PrintWriter(err, true)), err.toString());
        return code == 0 ? out.toString() : err.toString().strip();
    }

    private List<AttackRow> read() throws IOException {
        return RowFile.read(rows, AttackRow.FORMAT);
    }

    /** Images that this untrained network has right, else nothing breaks: their indices. */
    private String right(int count) throws IOException {
        attack(0, "--epsilon", 0, "--limit", 400);
        List<Integer> found = read().stream().filter(AttackRow::cleanCorrect).map(AttackRow::index).filter(index -> index > 9).toList();
        Files.delete(rows);
        Files.delete(folder.resolve("rows.jsonl.run.json"));
        assertTrue(found.size() > count, found.size() + " are right");
        return String.join(",", found.subList(0, count - 1).stream().map(String::valueOf).toList()) + ",0,1,2,3,4";
    }

    /** The image behind a header of 128 bytes, at a row of an array. */
    private static float[] image(Path file, int row) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        float[] image = new float[SIZE];
        bytes.position(HEADER + row * SIZE * Float.BYTES).slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(image);
        return image;
    }

    private static String header(Path file) throws IOException {
        return new String(Files.readAllBytes(file), 10, HEADER - 10, StandardCharsets.US_ASCII).strip();
    }

    /** What a plain forward pass says of each kept image, and where it lies. */
    private void requireWitnesses(List<AttackRow> found, float[][] kept, double epsilon, boolean euclidean) throws IOException {
        Dataset data = Digits.generate(0, Split.TEST);
        Graph graph = ModelFile.read(folder.resolve("model.safetensors")).graph();
        try (Backend backend = CpuBackend.create(); Plan plan = Plan.load(backend, graph);
             DeviceMemory memory = new DeviceMemory(backend)) {
            for (int k = 0; k < kept.length; ++k) {
                AttackRow row = found.get(k);
                int[] prediction = new int[1];
                var best = memory.allocate(1);
                backend.votes().argMax(new Logits(memory, plan, 1).of(memory.holding(kept[k]), 1), 1, 10, best);
                backend.read(best, prediction);
                assertEquals(row.adversarialPrediction(), prediction[0]);
                float[] clean = data.pixels(row.index());
                assertEquals(Optional.of(Arrays.equals(clean, kept[k]) ? AttackRow.Saved.CLEAN : AttackRow.Saved.ADVERSARIAL),
                        row.saved());
                double squares = 0;
                double largest = 0;
                for (int i = 0; i < SIZE; ++i) {
                    assertTrue(kept[k][i] >= 0 && kept[k][i] <= 1);
                    double apart = kept[k][i] - Math.round(clean[i] * 255) / 255.0;
                    squares += apart * apart;
                    largest = Math.max(largest, Math.abs(apart));
                }
                double away = euclidean ? Math.sqrt(squares) : largest;
                assertTrue(row.saved().equals(Optional.of(AttackRow.Saved.CLEAN)) || away <= epsilon * (1 + 1e-12), away + "");
                if (row.saved().equals(Optional.of(AttackRow.Saved.ADVERSARIAL))) {
                    assertEquals(away, row.distance().orElseThrow(), 1e-12);
                }
            }
        }
        assertTrue(found.stream().anyMatch(row -> row.saved().equals(Optional.of(AttackRow.Saved.ADVERSARIAL))));
        assertTrue(found.stream().anyMatch(row -> row.saved().equals(Optional.of(AttackRow.Saved.CLEAN))));
    }

    @Test
    void givenTheL2Norm_whenAttacked_thenRowsAndRecordSaySoAndUnbrokenImagesHaveNoDistance() throws IOException {
        String all = right(20);
        String summary = attack(0, "--epsilon", "1/2", "--norm", 2, "--indices", all);
        assertTrue(summary.startsWith("PGD-4, 1 restart in l2 balls, on 24 images: "), summary);
        JsonNode record = JSON.readTree(folder.resolve("rows.jsonl.run.json").toFile()).path("identity");
        assertEquals("2", record.path("norm").asText());
        assertEquals(0.05, record.path("step_size").asDouble());
        for (String line : Files.readAllLines(rows)) {
            JsonNode row = JSON.readTree(line);
            assertEquals("2", row.path("norm").asText());
            assertTrue(row.has("linf"));
            assertEquals(row.path("broken").asBoolean(), row.path("linf").isNumber());
            assertEquals(row.path("broken").asBoolean(), row.path("l2").isNumber());
            assertTrue(row.path("l2").asDouble(0) <= 0.5);
        }
        assertTrue(attack(2, "--epsilon", "1/2", "--indices", all + ",6", "--resume").contains("has norm \"2\", now there is none"));
        assertTrue(attack(2, "--epsilon", "0.5", "--norm", 1, "--overwrite").contains("not in those of the l1 norm"));
        assertTrue(attack(2, "--epsilon", "0.5", "--norm", 3, "--overwrite").contains("--norm"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"inf", "2"})
    void givenAnArray_whenSaved_thenEachRowHasItsImage(String norm) throws IOException {
        Path file = folder.resolve("F.npy");
        double epsilon = norm.equals("2") ? 0.7 : 0.04;
        attack(0, "--epsilon", epsilon, "--norm", norm, "--indices", right(20), "--save-adversarial", file);
        List<AttackRow> found = read();
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (" + found.size() + ", 1, 28, 28), }", header(file));
        assertEquals(HEADER + found.size() * 4L * SIZE, Files.size(file));
        float[][] kept = new float[found.size()][];
        for (int k = 0; k < kept.length; ++k) {
            kept[k] = image(file, k);
        }
        requireWitnesses(found, kept, epsilon, norm.equals("2"));
        assertFalse(Files.exists(folder.resolve("F.npy.part")));
    }

    /** As a killed run leaves it: rows up to some, and an image more, or the whole file of a run of fewer images. */
    @Test
    void givenARunThatWasStopped_whenResumed_thenTheArrayIsThatOfOneRun() throws IOException {
        Path file = folder.resolve("F.npy");
        String all = right(20);
        attack(0, "--epsilon", 0.04, "--indices", all, "--save-adversarial", file);
        byte[] whole = Files.readAllBytes(file);
        List<String> lines = Files.readAllLines(rows);
        for (boolean finished : new boolean[] {false, true}) {
            Files.write(rows, lines.subList(0, 7));
            byte[] start = Arrays.copyOf(whole, HEADER + (finished ? 7 : 8) * 4 * SIZE - (finished ? 0 : 3));
            Files.delete(file);
            Files.write(finished ? file : folder.resolve("F.npy.part"), start);
            attack(0, "--epsilon", 0.04, "--indices", all, "--save-adversarial", file, "--resume");
            assertEquals(lines, Files.readAllLines(rows));
            assertArrayEquals(whole, Files.readAllBytes(file));
        }
        Files.delete(file);
        Files.write(rows, lines.subList(0, 7));
        assertTrue(attack(2, "--epsilon", 0.04, "--indices", all, "--save-adversarial", file, "--resume")
                .contains("holds the images of the 7 rows"));
        assertTrue(attack(2, "--epsilon", 0.04, "--indices", all, "--resume").contains("save_adversarial"));
        attack(0, "--epsilon", 0.04, "--indices", all, "--save-adversarial", file, "--overwrite");
        assertArrayEquals(whole, Files.readAllBytes(file));
    }

    @Test
    void givenAFolder_whenSaved_thenEveryRowHasAFileAndBrokenOnesAPairOfPictures() throws IOException {
        Path images = folder.resolve("images");
        String all = right(12);
        attack(0, "--epsilon", 0.04, "--indices", all, "--save-adversarial", images);
        List<AttackRow> found = read();
        float[][] kept = new float[found.size()][];
        for (int k = 0; k < kept.length; ++k) {
            String name = String.format("%05d", found.get(k).index());
            Path file = images.resolve(name + ".npy");
            assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 28, 28), }", header(file));
            kept[k] = image(file, 0);
            boolean adversarial = found.get(k).saved().equals(Optional.of(AttackRow.Saved.ADVERSARIAL));
            for (String which : List.of("-clean.png", "-adversarial.png")) {
                assertEquals(adversarial, Files.exists(images.resolve(name + which)));
            }
            if (adversarial) {
                BufferedImage picture = ImageIO.read(images.resolve(name + "-adversarial.png").toFile());
                for (int i = 0; i < SIZE; ++i) {
                    assertEquals(Math.round(255 * kept[k][i]), picture.getRaster().getSample(i % 28, i / 28, 0));
                }
            }
        }
        requireWitnesses(found, kept, 0.04, false);
        List<String> lines = Files.readAllLines(rows);
        Files.write(rows, lines.subList(0, 3));
        Path draft = images.resolve("." + String.format("%05d.npy", found.get(3).index()) + ".999999999999.tmp"); // of a killed run
        Files.createFile(draft);
        attack(0, "--epsilon", 0.04, "--indices", all, "--save-adversarial", images, "--resume");
        assertEquals(lines, Files.readAllLines(rows));
        assertFalse(Files.exists(draft));
        Files.write(rows, lines.subList(0, 3));
        Files.delete(images.resolve(String.format("%05d.npy", found.get(1).index())));
        assertTrue(attack(2, "--epsilon", 0.04, "--indices", all, "--save-adversarial", images, "--resume").contains("can't resume"));
        Path own = Files.writeString(images.resolve("notes.txt"), "kept");
        Files.createFile(draft);
        attack(0, "--epsilon", 0.04, "--indices", "0", "--save-adversarial", images, "--overwrite");
        try (Stream<Path> left = Files.list(images)) {
            assertTrue(left.map(file -> file.getFileName().toString())
                    .allMatch(name -> name.startsWith("00000") || name.equals("notes.txt")));
        }
        assertTrue(Files.exists(own));
    }

    @Test
    void givenAPlaceThatIsTaken_whenSaved_thenRefusedBeforeAnythingIsWritten() throws IOException {
        Path taken = Files.writeString(folder.resolve("taken.npy"), "mine");
        assertTrue(attack(2, "--epsilon", 0.1, "--save-adversarial", taken).contains("is there already"));
        assertTrue(attack(2, "--epsilon", 0.1, "--save-adversarial", folder).contains("is there already"));
        assertTrue(attack(2, "--epsilon", 0.1, "--save-adversarial", folder.resolve("model.safetensors")).contains("is MODEL"));
        assertEquals("mine", Files.readString(taken));
        assertFalse(Files.exists(rows));
        assertNotEquals("", attack(2, "--epsilon", 0.1, "--save-adversarial", rows));
    }

    /** Under whatever name: a link, or a way round. */
    @Test
    void givenWhatIsRead_whenWritingThereIsAskedFor_thenItIsRefusedAndStays() throws IOException {
        Path own = Files.createDirectory(folder.resolve("own"));
        Path images = Files.write(own.resolve("00000.npy"), NpyBytes.floats(new float[2 * SIZE], 2, 1, 28, 28));
        Path labels = Files.write(own.resolve("y.npy"), NpyBytes.labels(0, 1));
        Path model = Files.copy(folder.resolve("model.safetensors"), folder.resolve("model.npy.safetensors"));
        byte[] pixels = Files.readAllBytes(images);
        byte[] classes = Files.readAllBytes(labels);
        Path link = Files.createSymbolicLink(folder.resolve("link.npy"), images);
        Path linkedModel = Files.createSymbolicLink(folder.resolve("m.npy"), model);
        for (Path taken : List.of(images, link, own.resolve("../own/00000.npy"), labels, linkedModel, own)) {
            assertRefused("--save-adversarial " + taken, model, images, labels, rows, taken);
            assertArrayEquals(pixels, Files.readAllBytes(images));
            assertArrayEquals(classes, Files.readAllBytes(labels));
        }
        for (Path taken : List.of(images, labels, model)) {
            assertRefused("--out " + taken, model, images, labels, taken, folder.resolve("F.npy"));
        }
        Path digits = Files.createDirectories(folder.resolve("digits"));
        Path shown = Files.write(digits.resolve("00000-clean.png"), new byte[] {1});
        assertRefused("--save-adversarial " + digits, model, digits, null, rows, digits);
        assertTrue(Files.exists(shown));
        assertFalse(Files.exists(rows));
    }

    private void assertRefused(String what, Path model, Path images, Path labels, Path to, Path kept) {
        StringWriter err = new StringWriter();
        Stream<Object> words = Stream.concat(Stream.of("attack", model, "--data", images, "--epsilon", 0.1, "--steps", 1, "--restarts", 1,
                "--out", to, "--save-adversarial", kept, "--overwrite", "--device", "cpu", "--quiet"),
                labels == null ? Stream.of() : Stream.of("--labels", labels));
        assertEquals(2, Main.run(words.map(Object::toString).toArray(String[]::new), new PrintWriter(new StringWriter(), true),
                new PrintWriter(err, true)), err.toString());
        assertTrue(err.toString().startsWith("bulwark: " + what) && err.toString().contains("which is read: name another place"),
                err.toString());
    }
}

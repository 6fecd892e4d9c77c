package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.shapes.ImageShape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The few images of a run that its report shows, in {@code gallery.json}: pixels, which the rows don't hold, and what the
 * networks said about exactly these pixels. Predictions and radii of the whole test stay in the rows.
 *
 * @param shape    of each picture
 * @param smoothed what randomized smoothing did
 * @param attacked what PGD broke
 */
public record Gallery(ImageShape shape, List<Smoothed> smoothed, List<Attacked> attacked) {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    public Gallery {
        smoothed = List.copyOf(smoothed);
        attacked = List.copyOf(attacked);
        for (Smoothed image : smoothed) {
            requireShape(image.image, shape);
            image.views.forEach(view -> requireShape(view.picture, shape));
        }
        for (Attacked image : attacked) {
            requireShape(image.image, shape);
            requireShape(image.adversarial, shape);
        }
    }

    /** Why an image was chosen. */
    public enum Reason {
        LARGEST_RADIUS, SMALLEST_RADIUS, ABSTAINED, MISCLASSIFIED;

        @JsonValue
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** An image of the test that is shown. */
    public record Original(int index, int label, Picture picture) {

        public Smoothed smoothed(Reason reason, double at, List<View> views) {
            return new Smoothed(index, label, reason, at, picture, views);
        }

        public Attacked attacked(double epsilon, int adversarialPrediction, double linf, Picture adversarial) {
            return new Attacked(index, label, epsilon, adversarialPrediction, linf, picture, adversarial);
        }
    }

    /**
     * An image beside its noisy copies.
     *
     * @param reason why it was chosen
     * @param at     the sigma whose rows it was chosen from
     */
    public record Smoothed(int index, int label, Reason reason, double at, Picture image, List<View> views) {
        public Smoothed {
            views = List.copyOf(views);
            Require.notNegative("index", index);
            Require.notNegative("label", label);
        }
    }

    /**
     * The first estimation sample: this very copy was voted on.
     *
     * @param vote the base classifier's class for it; -1 where its logits held a NaN
     */
    public record View(double sigma, int vote, Picture picture) {
    }

    /** An image that PGD broke, and what it made of it, {@code linf} away. */
    public record Attacked(int index, int label, double epsilon, int adversarialPrediction, double linf, Picture image,
            Picture adversarial) {
        public Attacked {
            Require.notNegative("index", index);
            Require.notNegative("label", label);
            Require.finiteNotNegative("epsilon", epsilon);
            Require.finiteNotNegative("linf", linf);
        }
    }

    /** Writes {@code gallery.json} into a run's folder, whole or not at all. */
    public void write(Path folder) throws IOException {
        AtomicFile.replace(new RunLayout(folder).gallery(), (MAPPER.writeValueAsString(this) + "\n")
                .getBytes(StandardCharsets.UTF_8));
    }

    /** The gallery in a run's folder, if there is one. @throws RowException if it can't be used */
    public static Optional<Gallery> read(Path folder) throws IOException {
        Path file = new RunLayout(folder).gallery();
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(MAPPER.treeToValue(ofThisVersion(MAPPER.readTree(file.toFile())), Gallery.class));
        } catch (JsonProcessingException e) {
            String reason = e.getCause() instanceof IllegalArgumentException cause ? cause.getMessage()
                    : e.getOriginalMessage();
            throw new RowException(file, reason.lines().findFirst().orElse("is not JSON"));
        }
    }

    /** Galleries had grey pictures only, and said rows and columns. */
    private static JsonNode ofThisVersion(JsonNode gallery) {
        if (gallery instanceof ObjectNode fields && fields.has("rows") && fields.has("cols")) {
            ObjectNode shape = fields.putObject("shape").put("channels", 1);
            shape.set("height", fields.remove("rows"));
            shape.set("width", fields.remove("cols"));
        }
        return gallery;
    }

    private static void requireShape(Picture picture, ImageShape shape) {
        Require.that(picture.levels().length == shape.size(),
                "a picture has " + picture.levels().length + " levels, not " + shape);
    }
}

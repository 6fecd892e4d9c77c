package dev.bulwark.results;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How the attacks in a file of rows were run, as far as a record says: the file's own, which {@code attack} leaves beside
 * it, or else the run's.
 *
 * @param name           what ran, like {@code PGD-50, 10 restarts}; empty where no record says
 * @param byCertificates whether the images were chosen by their certificates: then the attacked ones alone say nothing
 *                       about all
 */
public record AttackRecord(Optional<String> name, boolean byCertificates) {

    /** In a run's identity: which images were attacked. Records of versions that attacked a sample don't have it. */
    public static final String IMAGES = "pgd_images";
    /** In an attack's identity, where it is not PGD, and in that of a run which also attacks what PGD leaves standing: by what. */
    public static final String ATTACK = "attack";
    /** In a record: what each attack took. */
    public static final String EFFORT = "/attacks";
    /** Its value where every image was attacked. */
    public static final String EVERY = "all";

    /** @param run the run's own record */
    static AttackRecord of(Path rows, JsonNode run) throws IOException {
        if (Files.exists(RunLayout.recordOf(rows))) {
            return new AttackRecord(name(RecordFile.beside(rows).path("identity"), ""), false);
        }
        JsonNode identity = run.path("identity");
        return new AttackRecord(name(identity, "pgd_"),
                identity.has(IMAGES) && !identity.path(IMAGES).asText().equals(EVERY));
    }

    /** What readers call PGD with these settings; the loss is named where it is not both, one after the other. */
    public static String name(int steps, int restarts, String loss) {
        return "PGD-" + steps + ", " + restarts + (restarts == 1 ? " restart" : " restarts")
                + (loss.isEmpty() || loss.equals("both") ? "" : ", " + loss);
    }

    /** What a run attacked what PGD left standing by, if it did. @param run its record */
    static Optional<String> suite(JsonNode run) {
        return Optional.of(run.path("identity").path(ATTACK)).filter(JsonNode::isTextual).map(attack -> suite(attack.asText()));
    }

    /** A name as it stands in a sentence: {@code PGD-50 (10 restarts)}. */
    public static String inSentence(String name) {
        return name.contains(", ") ? name.replaceFirst(", ", " (") + ")" : name;
    }

    /** What readers call a suite of attacks. @param attack as the identity of its run has it */
    public static String suite(String attack) {
        return attack.equals("autoattack") ? "AutoAttack (standard)" : attack;
    }

    private static Optional<String> name(JsonNode identity, String prefix) {
        if (identity.has(ATTACK) && prefix.isEmpty()) {
            return Optional.of(suite(identity.path(ATTACK).asText()));
        }
        int steps = identity.path(prefix + "steps").asInt();
        int restarts = identity.path(prefix + "restarts").asInt();
        return steps < 1 || restarts < 1 ? Optional.empty()
                : Optional.of(name(steps, restarts, identity.path(prefix + "loss").asText()));
    }
}

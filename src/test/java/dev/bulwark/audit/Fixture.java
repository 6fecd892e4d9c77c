package dev.bulwark.audit;

import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Networks by way of their files, and claims about them. */
final class Fixture {

    private Fixture() {
    }

    /** A graph as the checker reads it from the file that the program writes. */
    static Network network(Graph graph) {
        try {
            Path file = Files.createTempFile("network", ".safetensors");
            ModelFile.write(file, graph, Precision.F32, Map.of());
            Network network = NetworkFile.read(file);
            Files.delete(file);
            return network;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** That the label leads by at least {@code margin} everywhere in an l-infinity ball. */
    static Certificate claim(Network network, Image image, int label, String epsilon, double margin) {
        List<OptionalDouble> margins = new ArrayList<>(Collections.nCopies(network.classes(), OptionalDouble.of(margin)));
        margins.set(label, OptionalDouble.empty());
        return new Certificate(0, label, new Certificate.Region(epsilon, "inf"), new Certificate.Origin("exact", "real"),
                new Certificate.Digests(network.sha256(), image.sha256(), image.isBytes()), Certificate.Verdict.CERTIFIED,
                        margins,
                Optional.empty(), Proof.NONE);
    }

    /** What a checker makes of a line. */
    static Checker.Result check(Network network, Image image, String line) {
        try {
            return new Checker(network).check(CertificateText.read(line), image);
        } catch (AuditException e) {
            return Checker.Result.of(Checker.Outcome.DIFFERS, e.getMessage());
        }
    }
}

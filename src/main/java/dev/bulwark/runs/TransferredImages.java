package dev.bulwark.runs;

import dev.bulwark.attack.Transfer;
import dev.bulwark.data.Ball;
import dev.bulwark.data.NpyFloats;
import dev.bulwark.files.Sha256;
import dev.bulwark.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Images that another run kept as {@link KeptImages}, one for each image of a subject. */
public final class TransferredImages {

    private final Map<Integer, float[]> points;
    private final String digest;

    private TransferredImages(Map<Integer, float[]> points, String digest) {
        this.points = points;
        this.digest = digest;
    }

    /**
     * Reads them.
     *
     * @param place an array in the order of the subject's images, {@code F.npy}, or a folder that has a file an image, by its index
     * @throws ExperimentException                if it has not one for each image
     * @throws dev.bulwark.data.DataException if a file is no array of such images
     */
    public static TransferredImages read(Path place, Subject subject) throws IOException {
        int[] indices = subject.indices();
        Map<Integer, float[]> points = new HashMap<>();
        MessageDigest digest = Sha256.start();
        if (KeptImages.isFile(place)) {
            List<float[]> images = NpyFloats.read(place, subject.data().shape());
            if (images.size() != indices.length) {
                throw new ExperimentException(place + " holds " + images.size() + " images, but " + indices.length
                        + " are to be attacked: choose those that its run attacked", Setting.LIMIT.with("N"), ", or name a folder of images");
            }
            for (int k = 0; k < indices.length; ++k) {
                points.put(indices[k], images.get(k));
            }
        } else {
            for (int index : indices) {
                Path file = KeptImages.fileIn(place, index, ".npy");
                if (!Files.exists(file)) {
                    throw new ExperimentException(file + " is missing: attack images that the other run attacked", Setting.INDICES.with("I,I"));
                }
                points.put(index, NpyFloats.read(file, subject.data().shape()).get(0));
            }
        }
        Arrays.stream(indices).forEach(index -> digest.update(NpyFloats.body(points.get(index))));
        return new TransferredImages(points, Sha256.finish(digest));
    }

    /** SHA-256 of their numbers, in the order of the subject's images. */
    public String sha256() {
        return digest;
    }

    public Transfer.Settings within(Ball ball) {
        return new Transfer.Settings(ball, points::get);
    }

    /** How many of a subject's images have theirs outside their ball, where it is not tried. */
    public long outside(Subject subject, Ball ball) {
        return Arrays.stream(subject.indices()).filter(index -> !ball.holds(subject.data().pixels(index), points.get(index))).count();
    }
}

package dev.bulwark.data;

import dev.bulwark.shapes.Shape;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a user names as data.
 *
 * @param images a file or a folder
 * @param labels a file of the labels, for formats that keep them apart
 * @param input  the shape of one input of the network that will get the images, where it is known: it settles which
 *               dimension of an array holds the channels, where the sizes alone don't say
 */
public record DataFiles(Path images, Optional<Path> labels, Optional<Shape> input) {

    /** One file or folder that says everything. */
    public static DataFiles of(Path images) {
        return new DataFiles(images, Optional.empty(), Optional.empty());
    }

    /** The same files for a network. */
    public DataFiles forInput(Shape shape) {
        return new DataFiles(images, labels, Optional.of(shape));
    }
}

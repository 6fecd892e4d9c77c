package dev.bulwark.data;

import java.nio.file.Path;

/** An image file and its labels, found to fit each other, before anything decides what to call them. */
record IdxPair(IdxFile images, IdxFile labels) {

    /** @throws DataException if a file is unusable or the counts differ */
    static IdxPair read(Path imageFile, Path labelFile) {
        IdxFile images = IdxFile.read(imageFile, IdxFile.Kind.IMAGES);
        IdxFile labels = IdxFile.read(labelFile, IdxFile.Kind.LABELS);
        if (images.count() != labels.count()) {
            throw new DataException(imageFile + ": there are " + images.count() + " images, but " + labels.count()
                    + " labels in " + labelFile);
        }
        return new IdxPair(images, labels);
    }

    /** Classes that the labels speak of: an IDX file does not say how many there are. */
    int classes() {
        return Dataset.classesOf(labels.body());
    }

    Dataset named(Dataset.Origin origin, int classes) {
        return new Dataset(origin, images.shape(), classes, images.body(), labels.body());
    }
}

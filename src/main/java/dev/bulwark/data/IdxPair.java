package dev.bulwark.data;

import java.nio.file.Path;

/** An image file and its labels, found to fit each other, before anyone decides what to call them. */
record IdxPair(IdxFile images, IdxFile labels) {

    private static final int LAST_LABEL = 9;

    /** @throws DataException if a file is unusable, the counts differ or a label is no class */
    static IdxPair read(Path imageFile, Path labelFile) {
        IdxFile images = IdxFile.read(imageFile, IdxFile.Kind.IMAGES);
        IdxFile labels = IdxFile.read(labelFile, IdxFile.Kind.LABELS);
        if (images.count() != labels.count()) {
            throw new DataException(imageFile + ": there are " + images.count() + " images, but " + labels.count()
                    + " labels in " + labelFile);
        }
        byte[] values = labels.body();
        for (int i = 0; i < values.length; ++i) {
            int label = values[i] & 0xFF;
            if (label > LAST_LABEL) {
                throw new DataException(labelFile + ": the label at index " + i + " is " + label + ", 0 to " + LAST_LABEL
                        + " expected");
            }
        }
        return new IdxPair(images, labels);
    }

    Dataset named(String name, boolean verified) {
        return new Dataset(name, verified, images.rows(), images.cols(), images.body(), labels.body());
    }
}

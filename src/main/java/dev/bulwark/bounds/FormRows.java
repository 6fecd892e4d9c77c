package dev.bulwark.bounds;

import dev.bulwark.device.HostArrays;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Which forms to bound for which images: row r asks for form {@code forms[r]} over the box of image {@code owners[r]}.
 */
record FormRows(int[] owners, int[] forms) {

    int count() {
        return owners.length;
    }

    /** Rows {@code from .. to - 1}. */
    FormRows slice(int from, int to) {
        return new FormRows(Arrays.copyOfRange(owners, from, to), Arrays.copyOfRange(forms, from, to));
    }

    /** Forms {@code 0 .. forms - 1} for each image. */
    static FormRows all(int images, int forms) {
        int rows = HostArrays.length("forms of images", images, forms);
        return new FormRows(IntStream.range(0, rows).map(r -> r / forms).toArray(),
                IntStream.range(0, rows).map(r -> r % forms).toArray());
    }
}

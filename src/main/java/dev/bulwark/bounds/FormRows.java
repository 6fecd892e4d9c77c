package dev.bulwark.bounds;

import dev.bulwark.device.HostArrays;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which forms to bound for which images: row r asks for form {@code forms[r]} over the box of image {@code owners[r]}.
 *
 * @param from of a part of other rows: the first one's place there; else 0
 */
record FormRows(int from, int[] owners, int[] forms) {

    FormRows(int[] owners, int[] forms) {
        this(0, owners, forms);
    }

    int count() {
        return owners.length;
    }

    /** These rows in parts of at most {@code most}. */
    List<FormRows> chunks(int most) {
        List<FormRows> chunks = new ArrayList<>();
        for (int first = 0; first < count(); first += most) {
            int end = Math.min(first + most, count());
            chunks.add(new FormRows(first, Arrays.copyOfRange(owners, first, end), Arrays.copyOfRange(forms, first, end)));
        }
        return chunks;
    }

    /** Forms {@code 0 .. forms - 1} for each image. */
    static FormRows all(int images, int forms) {
        int rows = HostArrays.length("forms of images", images, forms);
        return new FormRows(IntStream.range(0, rows).map(r -> r / forms).toArray(),
                IntStream.range(0, rows).map(r -> r % forms).toArray());
    }
}

package dev.bulwark.model.io;

import dev.bulwark.model.Op;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a model file's metadata say of a convolution beyond its weight: {@code stride=3 padding=1 dilation=1 groups=1}, words
 * in any order. Stride and padding must be there; dilation and groups are 1 where they are not. Stride and dilation may be
 * {@code height,width}; padding may be {@code height,width} or {@code top,bottom,left,right}.
 */
final class ConvolutionText {

    private static final String STRIDE = "stride";
    private static final String PADDING = "padding";
    private static final String DILATION = "dilation";
    private static final String GROUPS = "groups";

    private static final String WORD = "(stride|padding|dilation|groups)=[0-9]{1,6}(,[0-9]{1,6}){0,3}";
    private static final String FORM = "\"stride=1 padding=0 dilation=1 groups=1\", of which the last two may be left out; "
            + "stride and dilation may be height,width, padding also top,bottom,left,right";

    private ConvolutionText() {
    }

    /** What was read. */
    record Geometry(Windows windows, int groups) {
    }

    static String of(Op.Conv2d convolution) {
        Windows.Axis height = convolution.windows().height();
        Windows.Axis width = convolution.windows().width();
        String text = STRIDE + "=" + joined(height.stride(), width.stride()) + " " + PADDING + "="
                + joined(height.before(), height.after(), width.before(), width.after());
        String dilation = joined(height.dilation(), width.dilation());
        return text + (dilation.equals("1") ? "" : " " + DILATION + "=" + dilation)
                + (convolution.groups() == 1 ? "" : " " + GROUPS + "=" + convolution.groups());
    }

    /** One number where all are the same. */
    private static String joined(int... values) {
        return IntStream.of(values).distinct().count() == 1 ? Integer.toString(values[0])
                : Arrays.toString(values).replaceAll("[\\[\\] ]", "");
    }

    /**
     * @param key    of the metadata, whose {@code text} this is
     * @param weight {@code [out, in / groups, kernel height, kernel width]}
     * @throws ModelException naming the key, if the text does not have this form, or no windows are like that
     */
    static Geometry parse(Path file, String key, String text, Shape weight) {
        Map<String, int[]> values = new HashMap<>();
        for (String word : text.trim().split(" +")) {
            String name = word.split("=", 2)[0];
            if (!word.matches(WORD) || values.containsKey(name)) {
                throw malformed(file, key, text);
            }
            values.put(name, Arrays.stream(word.substring(name.length() + 1).split(",")).mapToInt(Integer::parseInt)
                    .toArray());
        }
        values.putIfAbsent(DILATION, new int[] {1});
        values.putIfAbsent(GROUPS, new int[] {1});
        if (!values.containsKey(STRIDE) || !values.containsKey(PADDING) || values.get(STRIDE).length > 2
                || values.get(PADDING).length == 3 || values.get(DILATION).length > 2 || values.get(GROUPS).length > 1) {
            throw malformed(file, key, text);
        }
        int[] stride = values.get(STRIDE);
        int[] dilation = values.get(DILATION);
        int[] padding = sides(values.get(PADDING));
        int groups = values.get(GROUPS)[0];
        try {
            if (groups < 1 || weight.dimension(0) % groups != 0) {
                throw new IllegalArgumentException(weight.dimension(0) + " channels don't fall into " + groups + " groups");
            }
            return new Geometry(new Windows(
                    new Windows.Axis(weight.dimension(2), stride[0], padding[0], padding[1], dilation[0]),
                    new Windows.Axis(weight.dimension(3), last(stride), padding[2], padding[3], last(dilation))), groups);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw ModelException.in(file, "metadata %s is \"%s\": %s", key, text, e.getMessage());
        }
    }

    private static ModelException malformed(Path file, String key, String text) {
        return ModelException.in(file, "metadata %s is \"%s\", not like %s", key, text, FORM);
    }

    private static int last(int[] values) {
        return values[values.length - 1];
    }

    /** Top, bottom, left, right. */
    private static int[] sides(int[] padding) {
        return padding.length == 4 ? padding : new int[] {padding[0], padding[0], last(padding), last(padding)};
    }
}

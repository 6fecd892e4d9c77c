package dev.bulwark.runs;

import dev.bulwark.settings.Setting;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Which images of a data set a run takes: the ones named, or every {@code skip}-th from the first, at most
 * {@code limit} of them either way.
 *
 * @param named indices in the order to take them; empty for all
 */
public record Selection(List<Integer> named, int skip, OptionalInt limit) {

    public Selection {
        named = List.copyOf(named);
        if (skip < 1) {
            throw new ExperimentException(Setting.SKIP, " takes every K-th image, K at least 1: " + skip);
        }
        if (limit.isPresent() && limit.getAsInt() < 1) {
            throw new ExperimentException(Setting.LIMIT, " must be at least 1: " + limit.getAsInt());
        }
        if (!named.isEmpty() && skip != 1) {
            throw new ExperimentException(Setting.INDICES, " names the images, so ", Setting.SKIP,
                    " " + skip + " has nothing to skip: drop one");
        }
        if (named.stream().distinct().count() != named.size()) {
            throw new ExperimentException(Setting.INDICES, " names an image twice: " + named);
        }
    }

    public static Selection all() {
        return new Selection(List.of(), 1, OptionalInt.empty());
    }

    public static Selection every(int skip) {
        return new Selection(List.of(), skip, OptionalInt.empty());
    }

    /** At most {@code most} of the candidates, spread evenly over them and in their order. */
    public static int[] spread(int[] candidates, int most) {
        int count = Math.min(most, candidates.length);
        return IntStream.range(0, count).map(k -> candidates[(int) ((long) k * candidates.length / count)]).toArray();
    }

    /** In words, as the tables say what was left out. */
    public String describe() {
        String which = !named.isEmpty() ? "the named ones" : skip == 1 ? "the first ones" : "every " + ordinal(skip);
        return limit.isPresent() ? which + ", at most " + limit.getAsInt() : which;
    }

    private static String ordinal(int number) {
        boolean teen = number % 100 / 10 == 1;
        String ending = teen ? "th" : switch (number % 10) {
            case 1 -> "st";
            case 2 -> "nd";
            case 3 -> "rd";
            default -> "th";
        };
        return number + ending;
    }

    /** The indices, for a data set of {@code size} images. */
    public int[] of(int size) {
        IntStream candidates = named.isEmpty()
                ? IntStream.iterate(0, i -> i < size, i -> i + skip)
                : named.stream().mapToInt(Integer::intValue);
        int[] chosen = (limit.isPresent() ? candidates.limit(limit.getAsInt()) : candidates).toArray();
        Arrays.stream(chosen).filter(i -> i < 0 || i >= size).findFirst().ifPresent(i -> {
            throw new ExperimentException(Setting.INDICES, " names image " + i + ", the data set has 0 to " + (size - 1));
        });
        return chosen;
    }
}

package dev.bulwark.model.io;

import dev.bulwark.model.io.SafetensorsHeader.Entry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which layer follows which, by names as PyTorch writes them: {@code 0.weight}, {@code fc1.weight},
 * {@code features.3.weight}. A safetensors file sorts its tensors by type and name, so that its own order says nothing.
 * Names that differ in numbers alone follow these numbers. Names that differ otherwise follow one another as their shapes
 * allow, if only one order does: kind after kind of names, or where none such fits, in between.
 */
final class LayerOrder {

    private static final int MOST_GROUPS = 8;
    private static final int MOST_TRIES = 100_000;

    private final Map<String, Entry> weights;
    private final Map<String, Integer> groups;
    private int tries;

    private LayerOrder(Map<String, Entry> weights, Map<String, Integer> groups) {
        this.weights = weights;
        this.groups = groups;
    }

    /**
     * The layers' names, first to last.
     *
     * @param weights by the layer's name
     * @param groups  of convolutions, by the layer's name; 1 of those that are not named
     * @throws ModelException if names and shapes allow several orders, or none
     */
    static List<String> of(Path file, Map<String, Entry> weights, Map<String, Integer> groups) {
        Map<String, List<String>> alike = new TreeMap<>();
        weights.keySet().forEach(name -> alike.computeIfAbsent(name.replaceAll("[0-9]+", "#"),
                key -> new ArrayList<>()).add(name));
        alike.values().forEach(names -> names.sort(Comparator.comparing(LayerOrder::numbers, Arrays::compare)));
        for (List<String> names : alike.values()) {
            for (int k = 1; k < names.size(); ++k) {
                if (Arrays.equals(numbers(names.get(k - 1)), numbers(names.get(k)))) {
                    throw undecided(file, "%sweight and %sweight have the same number", names.get(k - 1), names.get(k));
                }
            }
        }
        List<List<String>> parts = List.copyOf(alike.values());
        if (parts.size() == 1) {
            return parts.get(0);
        }
        if (parts.size() > MOST_GROUPS) {
            throw undecided(file, "its layers have %d kinds of names", parts.size());
        }
        List<List<String>> found = new ArrayList<>();
        LayerOrder order = new LayerOrder(weights, groups);
        order.extend(new ArrayList<>(), new ArrayList<>(parts), found);
        if (found.isEmpty()) {
            order.interleave(new ArrayList<>(), new int[parts.size()], parts, found);
        }
        if (found.isEmpty()) {
            throw undecided(file, "no order of its layers fits their shapes");
        }
        if (found.size() > 1) {
            throw undecided(file, "the layers may follow one another as %s or as %s", weights(found.get(0)),
                    weights(found.get(1)));
        }
        return found.get(0);
    }

    private static ModelException undecided(Path file, String format, Object... values) {
        return ModelException.in(file,
                "%s: rename the tensors layers.0.weight, layers.0.bias, layers.1.weight, ..., or export the "
                + "network as ONNX", String.format(format, values));
    }

    private static String weights(List<String> names) {
        return names.stream().map(name -> name + "weight").collect(Collectors.joining(", "));
    }

    private static long[] numbers(String name) {
        return Arrays.stream(name.replaceAll("[^0-9]+", " ").strip().split(" ")).filter(digits -> !digits.isEmpty())
                .mapToLong(digits -> digits.length() > 18 ? Long.MAX_VALUE : Long.parseLong(digits)).toArray();
    }

    /** All orders of the parts in which each layer takes what the one before it makes; two are enough to know. */
    private void extend(List<String> order, List<List<String>> parts, List<List<String>> found) {
        if (parts.isEmpty()) {
            found.add(List.copyOf(order));
        }
        for (int k = 0; k < parts.size() && found.size() < 2; ++k) {
            List<String> longer = new ArrayList<>(order);
            longer.addAll(parts.get(k));
            if (fits(longer, Math.max(1, order.size()))) {
                List<List<String>> rest = new ArrayList<>(parts);
                rest.remove(k);
                extend(longer, rest, found);
            }
        }
    }

    /**
     * All orders in which each layer takes what the one before it makes, and layers of a part stay in its order, though others
     * may stand between them. It gives up where that takes too long.
     *
     * @param taken layers of each part that the order has
     */
    private void interleave(List<String> order, int[] taken, List<List<String>> parts, List<List<String>> found) {
        if (order.size() == weights.size()) {
            found.add(List.copyOf(order));
        }
        for (int k = 0; k < taken.length && found.size() < 2 && tries < MOST_TRIES; ++k) {
            if (taken[k] < parts.get(k).size()) {
                ++tries;
                List<String> longer = new ArrayList<>(order);
                longer.add(parts.get(k).get(taken[k]));
                if (fits(longer, Math.max(1, order.size()))) {
                    ++taken[k];
                    interleave(longer, taken, parts, found);
                    --taken[k];
                }
            }
        }
        if (tries >= MOST_TRIES) {
            found.clear(); // there may be more than were seen
        }
    }

    private boolean fits(List<String> order, int from) {
        for (int k = from; k < order.size(); ++k) {
            Entry before = weights.get(order.get(k - 1));
            Entry next = weights.get(order.get(k));
            int made = before.shape().dimension(0);
            long taken = (long) next.shape().dimension(1) * groups.getOrDefault(order.get(k), 1);
            boolean image = before.shape().rank() == 4;
            if (next.shape().rank() == 4 ? !image || taken != made : image ? taken % made != 0 : taken != made) {
                return false;
            }
        }
        return true;
    }
}

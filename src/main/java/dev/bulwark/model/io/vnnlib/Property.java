package dev.bulwark.model.io.vnnlib;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What must not happen to a network: an input in one of some boxes whose outputs are among those that the box calls unsafe.
 *
 * @param inputs  elements of an input, X_0 to X_(inputs - 1)
 * @param outputs likewise of Y
 * @param queries any of them; none where the file's demands on inputs contradict one another
 */
public record Property(int inputs, int outputs, List<Query> queries) {

    public Property {
        queries = List.copyOf(queries);
    }

    /**
     * A box of inputs, and what is unsafe there.
     *
     * @param lower  {@code [inputs]}, as written; in the box
     * @param upper  likewise, nowhere less
     * @param unsafe outputs that fulfil all constraints of any of these lists; an empty list is fulfilled by all outputs
     */
    public record Query(List<BigDecimal> lower, List<BigDecimal> upper, List<List<Constraint>> unsafe) {

        public Query {
            lower = List.copyOf(lower);
            upper = List.copyOf(upper);
            unsafe = unsafe.stream().map(List::copyOf).toList();
        }

        /** Whether outputs are unsafe, exactly. */
        public boolean isUnsafe(float[] outputs) {
            return unsafe.stream().anyMatch(all -> all.stream().allMatch(constraint -> constraint.holds(outputs)));
        }

        private boolean holds(List<BigDecimal> inputs) {
            return IntStream.range(0, lower.size()).allMatch(i -> inputs.get(i).compareTo(lower.get(i)) >= 0
                    && inputs.get(i).compareTo(upper.get(i)) <= 0);
        }
    }

    /** Whether an input, which must lie in a box, has unsafe outputs wherever between these ends they lie. */
    public boolean isUnsafe(List<BigDecimal> inputs, List<BigDecimal> lower, List<BigDecimal> upper) {
        return queries.stream().filter(query -> query.holds(inputs)).flatMap(query -> query.unsafe.stream())
                .anyMatch(all -> all.stream().allMatch(constraint -> constraint.holds(lower, upper)));
    }

    /** @throws VnnLibException if the text is no VNN-LIB 1.0, or asks for more than boxes and linear constraints */
    public static Property parse(byte[] text) {
        return new PropertyParser().parse(Expression.all(new String(text, StandardCharsets.UTF_8)));
    }
}

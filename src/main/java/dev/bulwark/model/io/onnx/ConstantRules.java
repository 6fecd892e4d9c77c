package dev.bulwark.model.io.onnx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Constants, and what a model computes of shapes alone. */
final class ConstantRules {

    static final Map<String, Rule> RULES = new HashMap<>();

    static {
        RULES.put("Constant", Rule.of(ConstantRules::constant));
        RULES.put("ConstantOfShape", Rule.of(ConstantRules::ofShape));
        RULES.put("Shape", Rule.of(ConstantRules::shape));
        RULES.put("Size", Rule.of(call -> {
            call.requireBatchApart(call.isConstant(0));
            return Constant.of(call.title(), new int[0], call.input(0).size());
        }));
        RULES.put("Equal", Rule.of(call -> Folding.of(call, Folding.Arithmetic.EQUAL, call.constant(0), call.constant(1))));
        RULES.put("Where", Rule.of(ConstantRules::where));
        RULES.put("Sqrt", Rule.of(call -> Folding.each(call, call.constant(0), Math::sqrt)));
        RULES.put("Reciprocal", Rule.of(call -> Folding.each(call, call.constant(0), x -> 1 / x)));
        RULES.put("Range", Rule.of(ConstantRules::range));
    }

    private ConstantRules() {
    }

    private static Value constant(Call call) {
        List<Optional<Constant>> forms = List.of(call.tensor("value"),
                call.number("value_float").map(number -> Constant.of(call.title(), new int[0], new float[] {number})),
                call.integer("value_int").map(number -> Constant.of(call.title(), new int[0], number)),
                call.numbers("value_floats").map(numbers -> Constant.of(call.title(), new int[] {numbers.length}, numbers)),
                call.integers("value_ints").map(numbers -> Constant.of(call.title(), new int[] {numbers.length}, numbers)));
        return forms.stream().flatMap(Optional::stream).findFirst()
                .orElseThrow(() -> call.refused("it holds no numbers of a type that is read"));
    }

    private static Value ofShape(Call call) {
        int[] dims = Dims.of(call.constant(0).integers());
        Constant value = call.tensor("value").orElseGet(() -> Constant.of(call.title(), new int[] {1}, new float[1]));
        if (value.size() != 1) {
            throw call.refused("its value must be one number, not %d", value.size());
        }
        return value.reshaped(new int[0]).ordered(Order.broadcast(new int[0], dims)).named(call.title());
    }

    /** Of a model for a batch of one size, with that size. */
    private static Value shape(Call call) {
        Value x = call.input(0);
        long[] dims = Arrays.stream(x.dims()).asLongStream().toArray();
        if (x instanceof Activation && dims.length > 0 && call.batch() > 1) {
            dims[0] = call.batch();
        }
        int begin = bounded(call.integer("start", 0), dims.length);
        int end = bounded(call.integer("end", dims.length), dims.length);
        long[] part = Arrays.copyOfRange(dims, begin, Math.max(begin, end));
        return Constant.of(call.title(), new int[] {part.length}, part);
    }

    private static int bounded(long axis, int rank) {
        return (int) Math.max(0, Math.min(rank, axis < 0 ? axis + rank : axis));
    }

    private static Value where(Call call) {
        Constant condition = call.constant(0);
        Constant yes = call.constant(1);
        Constant no = call.constant(2);
        if (yes.isInteger() != no.isInteger()) {
            throw call.refused("it mixes integers and floats");
        }
        int[] dims = Dims.broadcast(condition.dims(), Dims.broadcast(yes.dims(), no.dims()));
        Constant which = condition.ordered(Order.broadcast(condition.dims(), dims));
        Constant first = yes.ordered(Order.broadcast(yes.dims(), dims));
        Constant second = no.ordered(Order.broadcast(no.dims(), dims));
        if (yes.isInteger()) {
            long[] chosen = second.integers();
            long[] other = first.integers();
            Arrays.setAll(chosen, k -> which.at(k) != 0 ? other[k] : chosen[k]);
            return Constant.of(call.title(), dims, chosen);
        }
        double[] chosen = new double[which.size()];
        Arrays.setAll(chosen, k -> which.at(k) != 0 ? first.at(k) : second.at(k));
        return yes.isComputed() || no.isComputed() ? Constant.computed(call.title(), dims, chosen)
                : Constant.of(call.title(), dims, chosen);
    }

    private static Value range(Call call) {
        long start = only(call, 0);
        long limit = only(call, 1);
        long step = only(call, 2);
        if (step == 0) {
            throw call.refused("its step is 0");
        }
        long count = Math.max(0, Math.floorDiv(limit - start + step - Long.signum(step), step));
        long[] numbers = new long[Dims.of(count)[0]];
        Arrays.setAll(numbers, k -> start + k * step);
        return Constant.of(call.title(), new int[] {numbers.length}, numbers);
    }

    private static long only(Call call, int input) {
        long[] numbers = call.constant(input).integers();
        if (numbers.length != 1 || Math.abs(numbers[0]) > Dims.MOST_ELEMENTS) {
            throw call.refused("its input %d must be one integer below %d", input, Dims.MOST_ELEMENTS);
        }
        return numbers[0];
    }
}

package dev.bulwark.model.io.onnx;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** Operations that give elements other dimensions, or put their axes in another order. */
final class LayoutRules {

    static final Map<String, Rule> RULES = new HashMap<>();

    static {
        RULES.put("Reshape", Rule.of(LayoutRules::reshape));
        RULES.put("Flatten", Rule.of(LayoutRules::flatten));
        RULES.put("Squeeze", Rule.of(LayoutRules::squeeze));
        RULES.put("Unsqueeze", Rule.of(LayoutRules::unsqueeze));
        RULES.put("Transpose", Rule.of(LayoutRules::transpose));
        RULES.put("Expand", Rule.of(LayoutRules::expand));
    }

    private LayoutRules() {
    }

    private static Value reshape(Call call) {
        Value x = call.input(0);
        long[] target = call.constant(1).integers();
        boolean zeroCopies = call.integer("allowzero", 0) == 0;
        if (call.batch() > 1 && x instanceof Activation) {
            call.requireBatchApart(target.length > 0
                    && (target[0] == call.batch() || target[0] == -1 || target[0] == 0 && zeroCopies));
            target[0] = 1;
        }
        int open = -1;
        long known = 1;
        for (int k = 0; k < target.length; ++k) {
            if (target[k] == 0 && zeroCopies) {
                if (k >= x.rank()) {
                    throw call.refused("shape %s keeps a dimension that a value of shape %s does not have",
                            Arrays.toString(target), Arrays.toString(x.dims()));
                }
                target[k] = x.dims()[k];
            }
            if (target[k] < -1 || target[k] > Dims.MOST_ELEMENTS || target[k] == -1 && open >= 0) {
                throw doesNotFit(call, x, target);
            }
            if (target[k] == -1) {
                open = k;
            } else {
                known = Math.min(known * target[k], Dims.MOST_ELEMENTS + 1L);
            }
        }
        if (open >= 0) {
            if (known == 0 || x.size() % known != 0) {
                throw doesNotFit(call, x, target);
            }
            target[open] = x.size() / known;
        } else if (known != x.size()) {
            throw doesNotFit(call, x, target);
        }
        return x.reshaped(Dims.of(target));
    }

    private static OnnxException doesNotFit(Call call, Value x, long[] target) {
        return call.refused("a value of shape %s can't take shape %s", Arrays.toString(x.dims()), Arrays.toString(target));
    }

    private static Value flatten(Call call) {
        Value x = call.input(0);
        long said = call.integer("axis", 1);
        int axis = said == x.rank() ? x.rank() : call.axis(said, x.rank());
        call.requireBatchApart(axis == 1 || x instanceof Constant);
        return x.reshaped(new int[] {Dims.product(x.dims(), 0, axis), Dims.product(x.dims(), axis, x.rank())});
    }

    private static Value squeeze(Call call) {
        Value x = call.input(0);
        int[] axes = call.integersOf("axes", 1).map(named -> call.axes(named, x.rank()))
                .orElseGet(() -> IntStream.range(0, x.rank()).filter(axis -> x.dims()[axis] == 1).toArray());
        call.requireBatchApart(x instanceof Constant || axes.length == 0 || axes[0] != 0);
        int[] dims = x.dims();
        for (int k = axes.length - 1; k >= 0; --k) {
            if (x.dims()[axes[k]] != 1) {
                throw call.refused("axis %d of a value of shape %s is not of one element", axes[k],
                        Arrays.toString(x.dims()));
            }
            dims = Dims.without(dims, axes[k]);
        }
        return x.reshaped(dims);
    }

    private static Value unsqueeze(Call call) {
        Value x = call.input(0);
        long[] named = call.integersOf("axes", 1).orElseThrow(() -> call.refused("it has no axes: the file is damaged"));
        int[] axes = call.axes(named, x.rank() + named.length);
        call.requireBatchApart(x instanceof Constant || axes.length == 0 || axes[0] != 0);
        int[] dims = x.dims();
        for (int axis : axes) {
            dims = Dims.concat(Arrays.copyOf(dims, axis), new int[] {1}, Arrays.copyOfRange(dims, axis, dims.length));
        }
        return x.reshaped(dims);
    }

    private static Value transpose(Call call) {
        Value x = call.input(0);
        int[] axes = call.integers("perm").map(perm -> Arrays.stream(perm).mapToInt(axis -> call.axis(axis,
                x.rank())).toArray())
                .orElseGet(() -> IntStream.range(0, x.rank()).map(k -> x.rank() - 1 - k).toArray());
        if (axes.length != x.rank() || Arrays.stream(axes).distinct().count() != axes.length) {
            throw call.refused("perm %s is no order of the axes of a value of shape %s", Arrays.toString(axes),
                    Arrays.toString(x.dims()));
        }
        call.requireBatchApart(x instanceof Constant || axes.length == 0 || axes[0] == 0);
        return x.ordered(Order.transposed(x.dims(), axes));
    }

    private static Value expand(Call call) {
        Value x = call.input(0);
        int[] dims = Dims.broadcast(x.dims(), Dims.of(call.constant(1).integers()));
        if (x instanceof Constant constant) {
            return constant.ordered(Order.broadcast(x.dims(), dims));
        }
        if (Dims.size(dims) != x.size()) {
            throw call.refused("it repeats elements of a value of shape %s, which no operation here expresses",
                    Arrays.toString(x.dims()));
        }
        return x.reshaped(dims);
    }
}

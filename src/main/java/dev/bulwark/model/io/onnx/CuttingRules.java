package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Op;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Operations that cut a value, put values together, or pad them. An element of a value goes to one place at most. */
final class CuttingRules {

    static final Map<String, Rule> RULES = Map.of(
            "Slice", Rule.of(CuttingRules::slice),
            "Split", CuttingRules::split,
            "Gather", Rule.of(CuttingRules::gather),
            "Concat", Rule.of(CuttingRules::concat),
            "Pad", Rule.of(CuttingRules::pad));

    private CuttingRules() {
    }

    /** A value that can be cut: no softmax in front. */
    private static Value value(Call call) {
        return call.isConstant(0) ? call.constant(0) : call.activation(0);
    }

    private static Value along(Call call, Value x, int axis, int[] indices) {
        call.requireBatchApart(x instanceof Constant || axis != 0);
        if (indices.length == 0 && x instanceof Activation) {
            throw call.refused("nothing is left of a value of shape %s along axis %d", Arrays.toString(x.dims()), axis);
        }
        try {
            return x.ordered(indices.length == 0 ? new Order(new int[0], Dims.with(x.dims(), axis, 0))
                    : Order.along(x.dims(), axis, indices));
        } catch (OnnxException e) {
            throw call.refused("%s", e.getMessage());
        }
    }

    private static Value slice(Call call) {
        Value x = value(call);
        boolean old = call.opset() < 10;
        long[] starts = list(call, old, "starts", 1);
        long[] ends = list(call, old, "ends", 2);
        Optional<long[]> named = old ? call.integers("axes") : call.optionalConstant(3).map(Constant::integers);
        long[] axes = named.orElseGet(() -> IntStream.range(0, starts.length).asLongStream().toArray());
        long[] steps = old ? new long[0] : call.optionalConstant(4).map(Constant::integers).orElse(new long[0]);
        if (ends.length != starts.length || axes.length != starts.length || steps.length != 0
                && steps.length != starts.length) {
            throw call.refused("it has %d starts, %d ends and %d axes", starts.length, ends.length, axes.length);
        }
        for (int k = 0; k < starts.length; ++k) {
            int axis = call.axis(axes[k], x.rank());
            int[] indices = indices(call, starts[k], ends[k], steps.length == 0 ? 1 : steps[k], x.dims()[axis]);
            if (indices.length != x.dims()[axis] || indices.length > 0 && indices[0] != 0) {
                x = along(call, x, axis, indices);
            }
        }
        return x;
    }

    private static long[] list(Call call, boolean old, String name, int input) {
        Optional<long[]> list = old ? call.integers(name) : Optional.of(call.constant(input).integers());
        return list.orElseThrow(() -> call.refused("it has no %s: the file is damaged", name));
    }

    /** As Python's slices: both ends are counted from the back where they are negative, and cut to the edge. */
    private static int[] indices(Call call, long start, long end, long step, int edge) {
        if (step == 0) {
            throw call.refused("its step is 0");
        }
        long least = step > 0 ? 0 : -1;
        long most = step > 0 ? edge : edge - 1;
        long first = Math.max(least, Math.min(most, start < 0 ? start + edge : start));
        long last = Math.max(least, Math.min(most, end < 0 && end >= -edge ? end + edge : end));
        List<Integer> indices = new ArrayList<>();
        for (long k = first; step > 0 ? k < last : k > last; k += step) {
            indices.add((int) k);
            if (Math.abs(step) > edge) {
                break;
            }
        }
        return indices.stream().mapToInt(Integer::intValue).toArray();
    }

    private static List<Value> split(Call call) {
        Value x = value(call);
        int axis = call.axis(call.integer("axis", 0), x.rank());
        int edge = x.dims()[axis];
        int parts = Math.toIntExact(call.integer("num_outputs", call.outputs()));
        if (parts != call.outputs() || parts < 1) {
            throw call.refused("it makes %d parts and names %d", parts, call.outputs());
        }
        int even = (edge + parts - 1) / parts;
        long[] sizes = call.integersOf("split", 1).orElseGet(() -> IntStream.range(0, parts)
                .mapToLong(k -> Math.max(0, Math.min(even, edge - k * even))).toArray());
        if (sizes.length != parts || Arrays.stream(sizes).sum() != edge || Arrays.stream(sizes).anyMatch(size -> size < 0)) {
            throw call.refused("parts of %s don't make up an axis of %d", Arrays.toString(sizes), edge);
        }
        List<Value> cut = new ArrayList<>();
        int begin = 0;
        for (long size : sizes) {
            cut.add(along(call, x, axis, IntStream.range(begin, begin + (int) size).toArray()));
            begin += (int) size;
        }
        return cut;
    }

    private static Value gather(Call call) {
        Value x = value(call);
        int axis = call.axis(call.integer("axis", 0), x.rank());
        Constant chosen = call.constant(1);
        int[] indices = Arrays.stream(chosen.integers()).mapToInt(index -> {
            if (index < -x.dims()[axis] || index >= x.dims()[axis]) {
                throw call.refused("there is no element %d along axis %d of a value of shape %s", index, axis,
                        Arrays.toString(x.dims()));
            }
            return (int) (index < 0 ? index + x.dims()[axis] : index);
        }).toArray();
        int[] dims = Dims.concat(Arrays.copyOf(x.dims(), axis), chosen.dims(),
                Arrays.copyOfRange(x.dims(), axis + 1, x.rank()));
        return along(call, x, axis, indices).reshaped(dims);
    }

    private static Value concat(Call call) {
        int rank = call.input(0).rank();
        int axis = call.axis(call.integer("axis").orElseThrow(() -> call.refused("it has no axis: the file is damaged")),
                rank);
        List<Value> parts = IntStream.range(0, call.inputs())
                .mapToObj(k -> call.isConstant(k) ? call.constant(k) : (Value) call.activation(k)).toList();
        int[] dims = Dims.with(parts.get(0).dims(), axis, 0);
        for (Value part : parts) {
            if (part.rank() != rank || !Arrays.equals(Dims.with(part.dims(), axis, 0), Dims.with(dims, axis, 0))) {
                throw call.refused("shapes %s and %s can't be put together along axis %d",
                        Arrays.toString(parts.get(0).dims()),
                        Arrays.toString(part.dims()), axis);
            }
            dims[axis] = Math.addExact(dims[axis], part.dims()[axis]);
        }
        Dims.size(dims);
        if (parts.stream().allMatch(Constant.class::isInstance)) {
            return constants(call, parts, axis, dims);
        }
        call.requireBatchApart(axis != 0 && parts.stream().allMatch(Activation.class::isInstance));
        return parts.size() == 1 ? parts.get(0) : together(call, parts, axis, dims);
    }

    private static Value constants(Call call, List<Value> parts, int axis, int[] dims) {
        int inner = Dims.product(dims, axis + 1, dims.length);
        boolean integers = parts.stream().allMatch(part -> ((Constant) part).isInteger());
        boolean computed = parts.stream().anyMatch(part -> ((Constant) part).isComputed());
        double[] numbers = new double[Dims.size(dims)];
        long[] whole = new long[numbers.length];
        int begin = 0;
        for (Value part : parts) {
            Constant constant = (Constant) part;
            if (constant.isInteger() != integers) {
                throw call.refused("it mixes integers and floats");
            }
            int[] places = places(part, axis, dims, begin * inner);
            long[] exact = integers ? constant.integers() : new long[0];
            for (int k = 0; k < places.length; ++k) {
                numbers[places[k]] = constant.at(k);
                whole[places[k]] = integers ? exact[k] : 0;
            }
            begin += part.dims()[axis];
        }
        return integers ? Constant.of(call.title(), dims, whole)
                : computed ? Constant.computed(call.title(), dims, numbers) : Constant.of(call.title(), dims, numbers);
    }

    /** Where a part's elements go. @param begin of its first */
    private static int[] places(Value part, int axis, int[] dims, int begin) {
        return Order.walk(part.dims(), begin, Dims.strides(dims)).source();
    }

    /** All values one behind the other, put in order; constants are added where there is none. */
    private static Value together(Call call, List<Value> parts, int axis, int[] dims) {
        List<Activation> values = parts.stream().filter(Activation.class::isInstance).map(Activation.class::cast).toList();
        boolean first = Dims.product(dims, 0, axis) == 1;
        if (first && values.size() == parts.size()) {
            int[] shapes = Arrays.copyOfRange(dims, axis, dims.length);
            int[] numbers = values.stream().mapToInt(value -> call.laidOut(value,
                    Shape.of(Dims.with(shapes, 0, value.dims()[axis])))).toArray();
            return Activation.of(call.add(new Op.Concat(), numbers), dims);
        }
        int[] numbers = values.stream().mapToInt(value -> call.laidOut(value, Shape.of(value.size()))).toArray();
        int all = values.stream().mapToInt(Value::size).sum();
        Activation row = Activation.of(numbers.length == 1 ? numbers[0] : call.add(new Op.Concat(), numbers), all);
        int[] source = new int[Dims.size(dims)];
        float[] offset = new float[source.length];
        int begin = 0;
        int element = 0;
        for (Value part : parts) {
            int[] places = places(part, axis, dims, begin * Dims.product(dims, axis + 1, dims.length));
            float[] constants = part instanceof Constant constant ? call.floats(constant) : new float[0];
            for (int k = 0; k < places.length; ++k) {
                source[places[k]] = part instanceof Constant ? Order.NONE : element++;
                offset[places[k]] = part instanceof Constant ? constants[k] : 0;
            }
            begin += part.dims()[axis];
        }
        return plus(call, row.ordered(new Order(source, dims)), offset);
    }

    private static Value plus(Call call, Activation x, float[] offset) {
        boolean nothing = IntStream.range(0, offset.length).allMatch(k -> offset[k] == 0);
        return nothing ? x : Affine.of(call, x, Affine.ONE, Affine.ONE, offset);
    }

    private static Value pad(Call call) {
        Value x = value(call);
        boolean old = call.opset() < 11;
        String mode = call.text("mode", "constant");
        long[] pads = list(call, old, "pads", 1);
        double filler = old ? call.number("value", 0) : call.optionalConstant(2).map(c -> call.single(c)
                .orElseThrow(() -> call.refused("its value must be one number"))).orElse(0.0);
        int[] axes = old ? IntStream.range(0, x.rank()).toArray() : call.optionalConstant(3)
                .map(c -> Arrays.stream(c.integers()).mapToInt(axis -> call.axis(axis, x.rank())).toArray())
                .orElseGet(() -> IntStream.range(0, x.rank()).toArray());
        if (pads.length != 2 * axes.length) {
            throw call.refused("it has %d pads for %d axes", pads.length, axes.length);
        }
        if (Arrays.stream(pads).allMatch(pad -> pad == 0)) {
            return x;
        }
        if (!mode.equals("constant")) {
            throw call.refused("mode %s is not supported: it uses elements twice", OnnxException.name(mode));
        }
        if (!Float.isFinite((float) filler) || (float) filler != filler) {
            throw call.refused("it pads with %s, no finite float", filler);
        }
        Order order = Order.same(x.size(), x.dims());
        for (int k = 0; k < axes.length; ++k) {
            call.requireBatchApart(x instanceof Constant || axes[k] != 0 || pads[k] == 0 && pads[k + axes.length] == 0);
            order = padded(call, order, axes[k], pads[k], pads[k + axes.length]);
        }
        if (x instanceof Constant constant) {
            return constant.ordered(order, filler);
        }
        float[] offset = new float[order.source().length];
        for (int k = 0; k < offset.length; ++k) {
            offset[k] = order.source()[k] == Order.NONE ? (float) filler : 0;
        }
        return plus(call, ((Activation) x).ordered(order), offset);
    }

    /** Negative pads cut. */
    private static Order padded(Call call, Order order, int axis, long before, long after) {
        int edge = order.dims()[axis];
        long length = before + edge + after;
        if (length < 1 || Math.abs(before) > Dims.MOST_ELEMENTS || Math.abs(after) > Dims.MOST_ELEMENTS) {
            throw call.refused("pads of %d and %d don't fit an axis of %d", before, after, edge);
        }
        Dims.requireActivation(Dims.with(order.dims(), axis, (int) Math.min(length, Integer.MAX_VALUE)));
        int[] indices = IntStream.range(0, (int) length)
                .map(k -> k - before < 0 || k - before >= edge ? Order.NONE : (int) (k - before)).toArray();
        return Order.along(order.dims(), axis, indices).after(order.source());
    }
}

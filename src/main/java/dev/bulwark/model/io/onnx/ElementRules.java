package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.bulwark.model.Op;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Operations element by element: activations, sums of values, and arithmetic with constants. */
final class ElementRules {

    static final Map<String, Rule> RULES = new HashMap<>();

    static {
        RULES.put("Relu", Rule.of(call -> call.each(call.activation(0), new Op.Relu())));
        RULES.put("Sigmoid", Rule.of(call -> call.each(call.activation(0), new Op.Sigmoid())));
        RULES.put("Tanh", Rule.of(call -> call.each(call.activation(0), new Op.Tanh())));
        RULES.put("LeakyRelu", Rule.of(call -> leaky(call, call.number("alpha", 0.01f))));
        RULES.put("PRelu", Rule.of(ElementRules::parametric));
        RULES.put("Clip", Rule.of(ElementRules::clip));
        RULES.put("HardSigmoid", Rule.of(ElementRules::hardSigmoid));
        RULES.put("Max", Rule.of(call -> extreme(call, true)));
        RULES.put("Min", Rule.of(call -> extreme(call, false)));
        RULES.put("Add", Rule.of(call -> added(call, false)));
        RULES.put("Sub", Rule.of(call -> added(call, true)));
        RULES.put("Sum", Rule.of(ElementRules::sum));
        RULES.put("Mul", Rule.of(ElementRules::multiplied));
        RULES.put("Div", Rule.of(ElementRules::divided));
        RULES.put("Neg", Rule.of(call -> call.isConstant(0) ? Folding.negative(call, call.constant(0))
                : Affine.of(call, call.activation(0), new float[] {-1}, Affine.ONE, Affine.ZERO)));
        RULES.put("Identity", Rule.of(call -> call.input(0)));
        RULES.put("Dropout", Rule.of(ElementRules::dropout));
        RULES.put("Cast", Rule.of(ElementRules::cast));
        RULES.put("Softmax", Rule.of(ElementRules::softmax));
        RULES.put("LogSoftmax", Rule.of(ElementRules::softmax));
    }

    private ElementRules() {
    }

    private static Value leaky(Call call, float slope) {
        if (!(slope >= 0 && slope <= 1)) {
            throw call.refused("a slope of %s is not supported: it must lie in [0, 1]", slope);
        }
        Activation x = call.activation(0);
        return slope == 1 ? x : call.each(x, slope == 0 ? new Op.Relu() : new Op.LeakyRelu(slope));
    }

    private static Value parametric(Call call) {
        Constant slopes = call.constant(1);
        double slope = call.single(slopes).orElseThrow(() ->
                call.refused("its slopes differ, and one for all elements is supported"));
        return leaky(call, call.floats(slopes.reshaped(slopes.dims()))[0] == (float) slope ? (float) slope : Float.NaN);
    }

    private static Value clip(Call call) {
        float low = bound(call, "min", 1, Float.NEGATIVE_INFINITY);
        float high = bound(call, "max", 2, Float.POSITIVE_INFINITY);
        return clipped(call, call.activation(0), low, high);
    }

    /** Older opsets have an attribute, whose default is the largest float, newer ones an input. */
    private static float bound(Call call, String attribute, int input, float none) {
        Optional<Constant> given = call.optionalConstant(input);
        double bound = given.map(constant -> call.single(constant).orElseThrow(
                () -> call.refused("its input %d must hold one number", input)))
                .orElseGet(() -> (double) call.number(attribute, none));
        if (Double.isNaN(bound)) {
            throw call.refused("its %s is NaN", attribute);
        }
        if (bound != (float) bound) {
            call.notes().rounded();
        }
        return Math.abs(bound) >= Float.MAX_VALUE ? Math.signum((float) bound) * Float.POSITIVE_INFINITY : (float) bound;
    }

    private static Value clipped(Call call, Activation x, float low, float high) {
        if (low == Float.NEGATIVE_INFINITY && high == Float.POSITIVE_INFINITY) {
            return x;
        }
        if (!(low < high)) {
            throw call.refused("it clips to [%s, %s], which leaves one value at most", low, high);
        }
        return call.each(x, low == 0 && high == Float.POSITIVE_INFINITY ? new Op.Relu() : new Op.Clip(low, high));
    }

    /** {@code min(max(alpha x + beta, 0), 1)}. */
    private static Value hardSigmoid(Call call) {
        float alpha = call.number("alpha", 0.2f);
        float beta = call.number("beta", 0.5f);
        return clipped(call, Affine.of(call, call.activation(0), new float[] {alpha}, Affine.ONE, new float[] {beta}), 0, 1);
    }

    /** With one number; of two values neither is supported. */
    private static Value extreme(Call call, boolean maximum) {
        if (call.inputs() != 2 || call.isConstant(0) == call.isConstant(1)) {
            throw call.refused("only a value and one constant number are supported");
        }
        int value = call.isConstant(0) ? 1 : 0;
        Constant constant = call.constant(1 - value);
        double bound = call.single(constant).orElseThrow(
                () -> call.refused("its constant holds different numbers, and one is supported"));
        Activation x = call.activation(value);
        Affine.fitting(call, x, constant);
        return clipped(call, Affine.result(x, constant), maximum ? (float) bound : Float.NEGATIVE_INFINITY,
                maximum ? Float.POSITIVE_INFINITY : (float) bound);
    }

    private static Value added(Call call, boolean minus) {
        if (call.isConstant(0) && call.isConstant(1)) {
            return Folding.of(call, minus ? Folding.Arithmetic.SUB : Folding.Arithmetic.ADD, call.constant(0),
                    call.constant(1));
        }
        if (call.isConstant(1)) {
            return Affine.plus(call, call.activation(0), call.constant(1), minus ? -1 : 1);
        }
        if (!call.isConstant(0)) {
            return Affine.sum(call, call.activation(0), call.activation(1), minus);
        }
        Activation x = call.activation(1);
        return minus ? Affine.of(call, Affine.result(x, call.constant(0)), new float[] {-1}, Affine.ONE,
                Affine.fitting(call, x, call.constant(0))) : Affine.plus(call, x, call.constant(0), 1);
    }

    private static Value sum(Call call) {
        if (call.inputs() > 2) {
            call.notes().sums();
        }
        Value sum = call.input(0);
        for (int k = 1; k < call.inputs(); ++k) {
            if (!(sum instanceof Activation so)) {
                throw call.refused("sums that begin with a constant are not supported");
            }
            sum = call.isConstant(k) ? Affine.plus(call, so, call.constant(k), 1)
                    : Affine.sum(call, k == 1 ? call.activation(0) : so, call.activation(k), false);
        }
        return sum;
    }

    private static Value multiplied(Call call) {
        if (call.isConstant(0) && call.isConstant(1)) {
            return Folding.of(call, Folding.Arithmetic.MUL, call.constant(0), call.constant(1));
        }
        if (!call.isConstant(0) && !call.isConstant(1)) {
            throw call.refused("both its factors depend on the network's input, and one must be a constant");
        }
        int value = call.isConstant(0) ? 1 : 0;
        Activation x = call.activation(value);
        Constant factor = call.constant(1 - value);
        return Affine.of(call, Affine.result(x, factor), Affine.fitting(call, x, factor), Affine.ONE, Affine.ZERO);
    }

    private static Value divided(Call call) {
        if (call.isConstant(0) && call.isConstant(1)) {
            return Folding.of(call, Folding.Arithmetic.DIV, call.constant(0), call.constant(1));
        }
        if (!call.isConstant(1)) {
            throw call.refused("it divides by what depends on the network's input, which is not supported");
        }
        Activation x = call.activation(0);
        return Affine.of(call, Affine.result(x, call.constant(1)), Affine.ONE, Affine.fitting(call, x, call.constant(1)),
                Affine.ZERO);
    }

    private static Value dropout(Call call) {
        call.ignore("ratio", "seed");
        call.optionalConstant(1);
        boolean training = call.optionalConstant(2).map(mode -> mode.size() != 1 || mode.at(0) != 0).orElse(false);
        if (training) {
            throw call.refused("it drops elements at random: export the model in evaluation mode");
        }
        return call.input(0);
    }

    private static Value cast(Call call) {
        call.ignore("saturate");
        int number = Math.toIntExact(call.integer("to").orElseThrow(() -> call.refused("it has no type to cast to")));
        DataType type = Optional.ofNullable(DataType.forNumber(number)).orElse(DataType.UNDEFINED);
        if (call.input(0) instanceof Constant constant) {
            return Folding.cast(call, constant, type);
        }
        switch (type) {
            case FLOAT, DOUBLE:
                return call.input(0);
            case FLOAT16, BFLOAT16:
                call.notes().half(type.name().toLowerCase(Locale.ROOT));
                return call.input(0);
            default:
                throw call.refused("it casts what depends on the network's input to %s, which is not supported", type);
        }
    }

    /** At the end alone, where it keeps the order of all outputs. */
    private static Value softmax(Call call) {
        Activation x = call.activation(0);
        boolean rows = call.opset() < 13; // everything from the axis on is one row
        int axis = x.rank() == 0 ? 0 : call.axis(call.integer("axis", rows ? 1 : -1), x.rank());
        int among = x.rank() == 0 ? 1 : rows ? Dims.product(x.dims(), axis, x.rank()) : x.dims()[axis];
        if (among != x.size() || call.batch() > 1 && axis == 0) {
            throw call.refused("it is over axis %d of a value of shape %s, not over all outputs of an input: export the "
                    + "logits",
                    axis, Arrays.toString(x.dims()));
        }
        return new Activation(x.value(), x.whole(), x.source(), x.dims(), true);
    }
}

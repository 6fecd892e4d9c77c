package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.bulwark.model.Half;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/** Arithmetic among constants: integers exactly, others in double. */
final class Folding {

    private Folding() {
    }

    /** Of integers, and of others. */
    enum Arithmetic {
        ADD, SUB, MUL, DIV, EQUAL;

        long of(long a, long b) {
            return switch (this) {
                case ADD -> Math.addExact(a, b);
                case SUB -> Math.subtractExact(a, b);
                case MUL -> Math.multiplyExact(a, b);
                case DIV -> a / b;
                case EQUAL -> a == b ? 1 : 0;
            };
        }

        double of(double a, double b) {
            return switch (this) {
                case ADD -> a + b;
                case SUB -> a - b;
                case MUL -> a * b;
                case DIV -> a / b;
                case EQUAL -> a == b ? 1 : 0;
            };
        }
    }

    /** By NumPy's rule. @throws OnnxException if types differ, an integer overflows or is divided by 0 */
    static Constant of(Call call, Arithmetic arithmetic, Constant a, Constant b) {
        if (a.isInteger() != b.isInteger()) {
            throw call.refused("it mixes integers and floats");
        }
        int[] dims = Dims.broadcast(a.dims(), b.dims());
        Constant first = a.ordered(Order.broadcast(a.dims(), dims));
        Constant second = b.ordered(Order.broadcast(b.dims(), dims));
        if (!a.isInteger()) {
            double[] results = new double[first.size()];
            Arrays.setAll(results, k -> arithmetic.of(first.at(k), second.at(k)));
            return Constant.computed(call.title(), dims, results);
        }
        long[] left = first.integers();
        long[] right = second.integers();
        try {
            for (int k = 0; k < left.length; ++k) {
                left[k] = arithmetic.of(left[k], right[k]);
            }
        } catch (ArithmeticException e) {
            throw call.refused("integers overflow, or are divided by 0");
        }
        return Constant.of(call.title(), dims, left);
    }

    /** Exactly: no rounding. */
    static Constant negative(Call call, Constant constant) {
        if (constant.isInteger()) {
            return Constant.of(call.title(), constant.dims(), Arrays.stream(constant.integers()).map(k -> -k).toArray());
        }
        double[] numbers = new double[constant.size()];
        Arrays.setAll(numbers, k -> -constant.at(k));
        return constant.isComputed() ? Constant.computed(call.title(), constant.dims(), numbers)
                : Constant.of(constant.name(), constant.dims(), numbers);
    }

    static Constant each(Call call, Constant constant, DoubleUnaryOperator function) {
        if (constant.isInteger()) {
            throw call.refused("%s holds integers, and floats are needed", OnnxException.name(constant.name()));
        }
        double[] numbers = new double[constant.size()];
        Arrays.setAll(numbers, k -> function.applyAsDouble(constant.at(k)));
        return Constant.computed(call.title(), constant.dims(), numbers);
    }

    static Constant cast(Call call, Constant constant, DataType type) {
        int size = constant.size();
        switch (type) {
            case FLOAT, FLOAT16:
                float[] floats = new float[size];
                for (int k = 0; k < size; ++k) {
                    floats[k] = (float) constant.at(k);
                    if (type == DataType.FLOAT16) {
                        if (floats[k] != constant.at(k)) {
                            throw call.refused("it rounds a constant to float16 that is no float");
                        }
                        floats[k] = Half.toFloat(Half.fromFloat(floats[k]));
                    }
                }
                return Constant.of(constant.name(), constant.dims(), floats);
            case DOUBLE:
                double[] doubles = new double[size];
                Arrays.setAll(doubles, constant::at);
                return Constant.of(constant.name(), constant.dims(), doubles);
            case INT32, INT64, BOOL:
                long[] integers = new long[size];
                for (int k = 0; k < size; ++k) {
                    double number = constant.at(k);
                    if (!constant.isInteger() && !(Math.abs(number) < 1L << 31)) {
                        throw call.refused("it casts %s to an integer", number);
                    }
                    long integer = constant.isInteger() ? constant.integers()[k] : (long) number;
                    integers[k] = type == DataType.BOOL ? number != 0 ? 1 : 0 : integer;
                }
                return Constant.of(constant.name(), constant.dims(), integers);
            default:
                throw call.refused("it casts a constant to %s, which is not supported", type);
        }
    }
}

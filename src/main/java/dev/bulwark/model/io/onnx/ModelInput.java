package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a model takes and makes.
 *
 * @param readings how its input can be understood, the likeliest first
 */
record ModelInput(List<Reading> readings) {

    /**
     * One way to understand the input.
     *
     * @param dims      with a batch of 1, if there is a batch
     * @param batch     the batch's size where the model has no other but 1
     * @param precision in what the model computes, if not in float
     */
    record Reading(String name, int[] dims, boolean batched, int batch, Optional<String> precision) {
    }

    /** @throws OnnxException if there are several inputs or outputs, or sizes are left open */
    static ModelInput of(GraphProto graph) {
        Set<String> constants = new HashSet<>();
        graph.getInitializerList().forEach(tensor -> constants.add(tensor.getName()));
        graph.getSparseInitializerList().forEach(tensor -> constants.add(tensor.getValues().getName()));
        ValueInfoProto input = only("input", graph.getInputList().stream()
                .filter(value -> !constants.contains(value.getName())).toList());
        ValueInfoProto output = only("output", graph.getOutputList());
        TypeProto.Tensor type = input.getType().getTensorType();
        if (!input.getType().hasTensorType() || !type.hasShape()) {
            throw OnnxException.of("input %s has no shape: export the model with one", OnnxException.name(input.getName()));
        }
        long[] dims = type.getShape().getDimList().stream().mapToLong(d -> size(d).orElse(-1)).toArray();
        return new ModelInput(readings(input, dims, precision(input), outputShape(output)));
    }

    private static ValueInfoProto only(String what, List<ValueInfoProto> values) {
        if (values.size() != 1) {
            throw OnnxException.of("the model has %s, and one is supported: export it with one alone", values.isEmpty()
                    ? "no " + what : values.size() + " " + what + "s (" + values.stream()
                    .map(value -> OnnxException.name(value.getName())).collect(Collectors.joining(", ")) + ")");
        }
        return values.get(0);
    }

    /** Empty of a dimension that is left open, which older exporters say with 0 or -1. */
    private static OptionalLong size(Dimension dimension) {
        return dimension.hasDimValue() && dimension.getDimValue() > 0 ? OptionalLong.of(dimension.getDimValue())
                : OptionalLong.empty();
    }

    private static Optional<String> precision(ValueInfoProto input) {
        int number = input.getType().getTensorType().getElemType();
        DataType type = Optional.ofNullable(DataType.forNumber(number)).orElse(DataType.UNDEFINED);
        return switch (type) {
            case FLOAT -> Optional.empty();
            case FLOAT16, BFLOAT16, DOUBLE -> Optional.of(type.name().toLowerCase(Locale.ROOT));
            default -> throw OnnxException.of("input %s takes %s, and floats are supported: export the model for float "
                    + "inputs",
                    OnnxException.name(input.getName()), type);
        };
    }

    private static Optional<TensorShapeProto> outputShape(ValueInfoProto output) {
        return output.getType().hasTensorType() && output.getType().getTensorType().hasShape()
                ? Optional.of(output.getType().getTensorType().getShape()) : Optional.empty();
    }

    private static List<Reading> readings(ValueInfoProto input, long[] dims, Optional<String> precision,
            Optional<TensorShapeProto> output) {
        String shown = OnnxException.name(input.getName());
        for (int k = 1; k < dims.length; ++k) {
            if (dims[k] < 0) {
                throw OnnxException.of("dimension %d of input %s is left open: export the model for inputs of one size, "
                        + "with the "
                        + "batch alone left open", k, shown);
            }
        }
        if (dims.length == 0 || dims.length == 1 && dims[0] < 0) {
            throw OnnxException.of("input %s is %s: export the model for inputs of one size", shown,
                    dims.length == 0 ? "a single number" : "a vector of open size");
        }
        if (dims.length > 1 && dims[0] <= 1) {
            dims[0] = 1;
            Dims.requireActivation(Dims.of(dims));
            return List.of(new Reading(input.getName(), Dims.of(dims), true, 1, precision));
        }
        Dims.requireActivation(Dims.of(dims));
        Reading whole = new Reading(input.getName(), Dims.of(dims), false, 1, precision);
        if (dims.length == 1 || output.isPresent() && (output.get().getDimCount() < 2
                || size(output.get().getDim(0)).orElse(dims[0]) != dims[0])) {
            return List.of(whole);
        }
        Reading batch = new Reading(input.getName(), Dims.with(Dims.of(dims), 0, 1), true, (int) dims[0], precision);
        return output.isPresent() ? List.of(batch) : List.of(batch, whole);
    }
}

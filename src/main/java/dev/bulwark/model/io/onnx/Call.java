package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** One node of the model as a rule sees it: inputs, attributes, and the graph that it adds operations to. */
final class Call {

    private final NodeProto node;
    private final Context context;
    private final List<Optional<Value>> inputs;
    private final Set<String> understood = new HashSet<>();

    /** What all nodes share. */
    record Context(int opset, int batch, Assembly assembly, Notes notes, TensorReader tensors, Set<String> wanted) {
    }

    Call(NodeProto node, Context context, List<Optional<Value>> inputs) {
        this.node = node;
        this.context = context;
        this.inputs = inputs;
    }

    /** Operation and name, for messages and as the name of what is added. */
    static String title(NodeProto node) {
        String name = node.getName().isEmpty() ? node.getOutputCount() > 0 ? node.getOutput(0) : "" : node.getName();
        return OnnxException.name(node.getOpType()) + " " + OnnxException.name(name);
    }

    String title() {
        return title(node);
    }

    OnnxException refused(String format, Object... values) {
        return OnnxException.of("%s: %s", title(), OnnxException.of(format, values).getMessage());
    }

    int opset() {
        return context.opset();
    }

    String type() {
        return node.getOpType();
    }

    Notes notes() {
        return context.notes();
    }

    TensorReader tensors() {
        return context.tensors();
    }

    // ---- inputs and outputs

    int inputs() {
        return inputs.size();
    }

    Optional<Value> optional(int k) {
        return k < inputs.size() ? inputs.get(k) : Optional.empty();
    }

    Value input(int k) {
        return optional(k).orElseThrow(() -> refused("input %d is missing: the file is damaged", k));
    }

    boolean isConstant(int k) {
        return input(k) instanceof Constant;
    }

    /** An input that depends on the network's. */
    Activation activation(int k) {
        return unsquashed(k, input(k));
    }

    private Activation unsquashed(int k, Value value) {
        if (!(value instanceof Activation activation)) {
            throw refused("input %d does not depend on the network's input, which this operation is not understood for", k);
        }
        if (activation.squashed()) {
            throw refused("it reads a softmax, which is understood at the network's end only: export the logits");
        }
        return activation;
    }

    Constant constant(int k) {
        if (!(input(k) instanceof Constant constant)) {
            throw refused("input %d (%s) must be a constant, and depends on the network's input", k,
                    OnnxException.name(node.getInput(k)));
        }
        return constant;
    }

    Optional<Constant> optionalConstant(int k) {
        return optional(k).map(value -> constant(k));
    }

    int outputs() {
        return node.getOutputCount();
    }

    /** Whether it makes more than its first output, read or not. */
    boolean hasFurtherOutputs() {
        return node.getOutputList().stream().skip(1).anyMatch(name -> !name.isEmpty());
    }

    /** Complains if anything reads another output than the first. */
    void requireOneOutput() {
        for (int k = 1; k < node.getOutputCount(); ++k) {
            if (context.wanted().contains(node.getOutput(k))) {
                throw refused("its output %d (%s) is read, and only the first is understood", k,
                        OnnxException.name(node.getOutput(k)));
            }
        }
    }

    /** More than 1 where the model is for a batch of that many inputs and no other: nothing may mix them then. */
    int batch() {
        return context.batch();
    }

    void requireBatchApart(boolean apart) {
        if (batch() > 1 && !apart) {
            throw refused("it mixes the %d inputs of a batch: export the model with a batch of 1", batch());
        }
    }

    // ---- attributes

    private <T> Optional<T> attribute(String name, AttributeType type, Function<AttributeProto, T> value) {
        understood.add(name);
        for (AttributeProto attribute : node.getAttributeList()) {
            if (attribute.getName().equals(name)) {
                if (!attribute.getRefAttrName().isEmpty()) {
                    throw refused("attribute %s refers to a function's, which is not understood", name);
                }
                if (attribute.getType() != type && attribute.getType() != AttributeType.UNDEFINED) {
                    throw refused("attribute %s is %s, not %s: the file is damaged", name, attribute.getType(), type);
                }
                return Optional.of(value.apply(attribute));
            }
        }
        return Optional.empty();
    }

    long integer(String name, long otherwise) {
        return attribute(name, AttributeType.INT, AttributeProto::getI).orElse(otherwise);
    }

    Optional<Long> integer(String name) {
        return attribute(name, AttributeType.INT, AttributeProto::getI);
    }

    float number(String name, float otherwise) {
        return attribute(name, AttributeType.FLOAT, AttributeProto::getF).orElse(otherwise);
    }

    Optional<Float> number(String name) {
        return attribute(name, AttributeType.FLOAT, AttributeProto::getF);
    }

    String text(String name, String otherwise) {
        return attribute(name, AttributeType.STRING, attribute -> attribute.getS().toStringUtf8()).orElse(otherwise);
    }

    Optional<long[]> integers(String name) {
        return attribute(name, AttributeType.INTS,
                attribute -> attribute.getIntsList().stream().mapToLong(Long::longValue).toArray());
    }

    Optional<float[]> numbers(String name) {
        return attribute(name, AttributeType.FLOATS, attribute -> {
            float[] numbers = new float[attribute.getFloatsCount()];
            for (int k = 0; k < numbers.length; ++k) {
                numbers[k] = attribute.getFloats(k);
            }
            return numbers;
        });
    }

    Optional<Constant> tensor(String name) {
        return attribute(name, AttributeType.TENSOR, attribute -> tensors().read(attribute.getT(), node.getOutput(0)));
    }

    /** Attributes that say nothing of what the operation computes. */
    void ignore(String... names) {
        understood.addAll(Arrays.asList(names));
    }

    /** Complains about an attribute that no rule asked for. */
    void requireUnderstood() {
        for (AttributeProto attribute : node.getAttributeList()) {
            if (!understood.contains(attribute.getName())) {
                throw refused("attribute %s is not understood", OnnxException.name(attribute.getName()));
            }
        }
    }

    /** Integers that older opsets have as an attribute, newer ones as an input. */
    Optional<long[]> integersOf(String attribute, int input) {
        Optional<long[]> old = integers(attribute);
        return old.isPresent() ? old : optionalConstant(input).map(Constant::integers);
    }

    /** An axis counted from 0, of {@code rank}; negative ones count from the end. */
    int axis(long axis, int rank) {
        if (axis < -rank || axis >= rank) {
            throw refused("axis %d is none of a value of %d dimensions", axis, rank);
        }
        return (int) (axis < 0 ? axis + rank : axis);
    }

    int[] axes(long[] axes, int rank) {
        int[] counted = Arrays.stream(axes).mapToInt(axis -> axis(axis, rank)).sorted().toArray();
        if (Arrays.stream(counted).distinct().count() != counted.length) {
            throw refused("axes %s name one twice", Arrays.toString(axes));
        }
        return counted;
    }

    // ---- the graph

    /** Adds an operation. @return the number of the value that it makes */
    int add(Op op, int... values) {
        return context.assembly().add(title(), op, values);
    }

    int laidOut(Activation activation, Shape shape) {
        return context.assembly().laidOut(title(), activation, shape);
    }

    int inOrder(Activation activation) {
        return context.assembly().inOrder(title(), activation);
    }

    Shape shape(int value) {
        return context.assembly().shape(value);
    }

    /** {@code op}, which treats all elements alike, of all elements wherever they lie. */
    Activation each(Activation x, Op op) {
        if (x.isPermutation()) {
            return x.in(add(op, x.value()));
        }
        return Activation.of(add(op, inOrder(x)), x.dims());
    }

    // ---- constants as weights

    /** Finite floats, each rounded once. @throws OnnxException naming the tensor that has others */
    float[] floats(Constant constant) {
        if (constant.isInteger()) {
            throw refused("%s holds integers, and floats are needed", OnnxException.name(constant.name()));
        }
        float[] floats = constant.toFloats();
        boolean rounded = false;
        for (int k = 0; k < floats.length; ++k) {
            double exact = constant.at(k);
            rounded |= floats[k] != exact;
            if (!Float.isFinite(floats[k])) {
                throw refused("%s holds %s at element %d of shape %s%s", OnnxException.name(constant.name()), exact, k,
                        Arrays.toString(constant.dims()), Double.isFinite(exact) ? ", beyond the largest float" : "");
            }
        }
        if (constant.isComputed()) {
            notes().computed();
        } else if (rounded) {
            notes().rounded();
        }
        return floats;
    }

    Tensor tensor(Constant constant, int... dims) {
        return Tensor.of(Dims.shape(dims), floats(constant));
    }

    /** The one number that all elements are. */
    Optional<Double> single(Constant constant) {
        for (int k = 1; k < constant.size(); ++k) {
            if (constant.at(k) != constant.at(0)) {
                return Optional.empty();
            }
        }
        return constant.size() == 0 ? Optional.empty() : Optional.of(constant.at(0));
    }

    static List<Value> one(Value value) {
        return new ArrayList<>(List.of(value));
    }
}

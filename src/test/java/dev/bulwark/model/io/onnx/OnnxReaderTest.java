package dev.bulwark.model.io.onnx;

import static dev.bulwark.model.io.onnx.OnnxBuilder.attribute;
import static dev.bulwark.model.io.onnx.OnnxBuilder.list;
import static dev.bulwark.model.io.onnx.OnnxBuilder.of;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation and variant, as PyTorch, Keras and others write them, beside what ONNX Runtime makes of the same bytes.
 */
class OnnxReaderTest {

    private static final ExternalData NOTHING = (location, offset, length) -> {
        throw new AssertionError("no file beside");
    };

    static OnnxModel read(byte[] model) {
        return OnnxReader.read(model, NOTHING);
    }

    private static Arguments model(String what, OnnxBuilder builder) {
        return Arguments.of(what, builder.bytes());
    }

    private static OnnxBuilder vector(int opset) {
        return new OnnxBuilder(opset).input(1, 6);
    }

    private static OnnxBuilder image(int opset) {
        return new OnnxBuilder(opset).input(-1, 3, 8, 7);
    }

    /** A dense layer at the end, so that the order of all elements in front of it counts. */
    private static OnnxBuilder ended(OnnxBuilder builder, int elements) {
        return builder.then("Flatten").weight("end", elements, 4).then("MatMul", of("end"));
    }

    static Stream<Arguments> products() {
        return Stream.of(
                model("Gemm", vector(13).weight("w", 6, 4).weight("b", 4).then("Gemm", of("w", "b"))),
                model("Gemm without bias", vector(13).weight("w", 6, 4).then("Gemm", of("w"))),
                model("Gemm turned, as PyTorch's", vector(9).weight("w", 4, 6).weight("b", 4).then("Gemm", of("w", "b"),
                        attribute("alpha", 1f), attribute("beta", 1f), attribute("transB", 1))),
                model("Gemm, alpha 0.5 and beta -2", vector(13).weight("w", 4, 6).weight("b", 1, 4).then("Gemm",
                of("w", "b"),
                        attribute("alpha", 0.5f), attribute("beta", -2f), attribute("transB", 1))),
                model("Gemm, odd alpha and beta", vector(13).weight("w", 4, 6).weight("b", 1).then("Gemm", of("w", "b"),
                        attribute("alpha", 0.3f), attribute("beta", 0.7f), attribute("transB", 1))),
                model("Gemm of a column", new OnnxBuilder(13).input(6, 1).weight("w", 6, 4).then("Gemm", of("w"),
                        attribute("transA", 1))),
                model("Gemm, weight first", new OnnxBuilder(13).input(6, 1).weight("w", 4, 6).weight("b", 4, 1)
                        .node("Gemm", "y", of("w", "x", "b"))),
                model("Gemm with a value for C", vector(13).weight("w", 6, 6).node("Gemm", "y", of("x", "w", "x"))),
                model("MatMul and Add", vector(8).weight("w", 6, 4).weight("b", 4).then("MatMul", of("w")).then("Add",
                of("b"))),
                model("MatMul, Add the other way", vector(8).weight("w", 6, 4).weight("b", 1, 4).then("MatMul", of("w"))
                        .node("Add", "y", of("b", "v0"))),
                model("MatMul, weight first", new OnnxBuilder(13).input(6).weight("w", 4, 6).node("MatMul", "y",
                of("w", "x"))),
                model("MatMul, weight first, of columns", new OnnxBuilder(13).input(1, 6, 5).weight("w", 4, 6)
                        .node("MatMul", "y", of("w", "x")).weight("v", 20, 3).then("Flatten").then("MatMul", of("v"))),
                model("MatMul of rows, as Keras has in time", ended(new OnnxBuilder(13).input(-1, 5, 6).weight("w", 6, 4)
                        .weight("b", 4).then("MatMul", of("w")).then("Add", of("b")).then("Relu"), 20)),
                model("MatMul, batched weight", ended(new OnnxBuilder(13).input(1, 1, 5, 6).weight("w", 1, 6, 4)
                        .then("MatMul", of("w")), 20)),
                model("MatMul with a vector", new OnnxBuilder(13).input(1, 5, 6).weight("w", 6).then("MatMul", of("w"))),
                model("no batch at all", new OnnxBuilder(13).input(6).weight("w", 6, 4).then("MatMul", of("w"))),
                model("two products", vector(13).weight("w", 6, 5).weight("v", 5, 3).then("MatMul", of("w")).then("MatMul",
                of("v"))),
                model("weight turned over", vector(13).weight("w", 4, 6).node("Transpose", "t", of("w"), list("perm", 1, 0))
                        .node("MatMul", "y", of("x", "t"))));
    }

    static Stream<Arguments> convolutions() {
        return Stream.of(
                model("plain", image(11).weight("w", 4, 3, 3, 3).weight("b", 4).then("Conv", of("w", "b"))),
                model("all attributes", image(11).weight("w", 4, 3, 3, 2).weight("b", 4).then("Conv", of("w", "b"),
                        list("kernel_shape", 3, 2), list("strides", 2, 1), list("pads", 1, 0, 2, 3),
                        list("dilations", 1, 2), attribute("group", 1))),
                model("depthwise", image(11).weight("w", 6, 1, 3, 3).then("Conv", of("w"), attribute("group", 3),
                        list("pads", 1, 1, 1, 1))),
                model("bias behind", image(11).weight("w", 4, 3, 3, 3).weight("b", 4, 1, 1).then("Conv", of("w")).then("Add",
                of("b"))),
                model("same upper", image(11).weight("w", 4, 3, 3, 2).then("Conv", of("w"),
                attribute("auto_pad", "SAME_UPPER"),
                        list("strides", 2, 2))),
                model("same lower", image(11).weight("w", 4, 3, 4, 2).then("Conv", of("w"),
                attribute("auto_pad", "SAME_LOWER"),
                        list("strides", 3, 1))),
                model("valid", image(11).weight("w", 4, 3, 3, 3).then("Conv", of("w"), attribute("auto_pad", "VALID"))),
                model("same of a stride over the edge", image(11).weight("w", 2, 3, 1, 1).then("Conv", of("w"),
                        attribute("auto_pad", "SAME_UPPER"), list("strides", 3, 3))),
                model("along a line", ended(new OnnxBuilder(11).input(1, 2, 9).weight("w", 4, 2, 3).weight("b", 4)
                        .then("Conv", of("w", "b"), list("strides", 2), list("pads", 1, 2)).then("Relu"), 20)),
                model("padding of its own operation", image(13).integers("pads", 0, 0, 1, 2, 0, 0, 3, 0).then("Pad",
                of("pads"))
                        .weight("w", 4, 3, 3, 3).then("Conv", of("w"), list("strides", 2, 2))),
                model("channels last, as Keras", ended(new OnnxBuilder(13).input(-1, 8, 7, 3)
                        .then("Transpose", list("perm", 0, 3, 1, 2)).weight("w", 4, 3, 3, 3).then("Conv",
                        of("w")).then("Relu")
                        .then("MaxPool", list("kernel_shape", 2, 2), list("strides", 2, 2))
                        .then("Transpose", list("perm", 0, 2, 3, 1)), 24)),
                model("channels last, bias last", ended(new OnnxBuilder(13).input(1, 8, 7, 3)
                        .then("Transpose", list("perm", 0, 3, 1, 2)).weight("w", 4, 3, 3, 3).then("Conv", of("w"))
                        .then("Transpose", list("perm", 0, 2, 3, 1)).weight("b", 4).then("Add", of("b")).then("Relu"), 120)),
                model("grey channels last", ended(new OnnxBuilder(13).input(-1, 5, 5, 1).integers("shape", -1, 1, 5, 5)
                        .then("Reshape", of("shape")).weight("w", 2, 1, 2, 2).then("Conv", of("w")), 32)));
    }

    static Stream<Arguments> poolings() {
        AttributeProto kernel = list("kernel_shape", 3, 2);
        AttributeProto strides = list("strides", 2, 3);
        AttributeProto pads = list("pads", 1, 0, 1, 1);
        AttributeProto up = attribute("ceil_mode", 1);
        AttributeProto counted = attribute("count_include_pad", 1);
        return Stream.of(
                model("average", image(11).then("AveragePool", kernel, strides)),
                model("average, padded", image(11).then("AveragePool", kernel, strides, pads)),
                model("average, padding counted", image(11).then("AveragePool", kernel, strides, pads, counted)),
                model("average, rounded up", image(11).then("AveragePool", kernel, strides, up)),
                model("average, rounded up to nothing new", image(11).then("AveragePool", list("kernel_shape", 2, 3),
                        list("strides", 2, 2), up, counted)),
                model("average, padded and rounded up", image(11).then("AveragePool", kernel, strides, pads, up)),
                model("average, same", image(11).then("AveragePool", kernel, strides, attribute("auto_pad", "SAME_UPPER"))),
                model("average, dilated", image(19).then("AveragePool", kernel, list("dilations", 2, 3))),
                model("average of a line", new OnnxBuilder(11).input(1, 3, 9).then("AveragePool", list("kernel_shape", 3))),
                model("average of all", image(11).then("GlobalAveragePool")),
                model("average of all, flattened", ended(image(11).then("GlobalAveragePool"), 3)),
                model("maximum", image(11).then("MaxPool", kernel, strides)),
                model("maximum, padded", image(11).then("MaxPool", kernel, strides, pads, attribute("storage_order", 0))),
                model("maximum, rounded up", image(11).then("MaxPool", kernel, strides, up)),
                model("maximum, dilated", image(11).then("MaxPool", kernel, list("dilations", 2, 3))),
                model("maximum of a line", new OnnxBuilder(11).input(1, 3, 9).then("MaxPool", list("kernel_shape", 2),
                        list("strides", 2))),
                model("maximum of all", image(11).then("GlobalMaxPool")),
                model("mean over an image", image(13).then("ReduceMean", list("axes", 2, 3), attribute("keepdims", 0))),
                model("mean over an image, counted from the end", image(11).then("ReduceMean", list("axes", -1, -2))),
                model("mean over an image, channels last", ended(new OnnxBuilder(13).input(-1, 8, 7, 3)
                        .then("ReduceMean", list("axes", 1, 2), attribute("keepdims", 0)), 3)),
                model("mean over channels", ended(image(13).then("ReduceMean", list("axes", 1)), 56)),
                model("mean, axes as an input", image(18).integers("axes", 2, 3).then("ReduceMean", of("axes"))),
                model("mean of everything", new OnnxBuilder(13).input(5).then("ReduceMean")),
                model("maximum over rows", ended(image(13).then("ReduceMax", list("axes", 2)), 21)),
                model("mean over a channel and a row", ended(image(13).then("ReduceMean", list("axes", 1, 3)), 8)));
    }

    static Stream<Arguments> elementwise() {
        List<Arguments> models = new ArrayList<>();
        for (int opset : new int[] {7, 9, 13, 21}) {
            for (String op : List.of("Relu", "Sigmoid", "Tanh", "LeakyRelu", "Neg", "HardSigmoid")) {
                models.add(model(op + " at " + opset, vector(opset).then(op)));
            }
        }
        models.addAll(List.of(
                model("leaky", vector(13).then("LeakyRelu", attribute("alpha", 0.25f))),
                model("PReLU", image(9).weight("s", new long[] {1}, 0.2f).then("PRelu", of("s"))),
                model("PReLU, one slope for three channels", image(9).weight("s", new long[] {3, 1, 1}, 0.2f, 0.2f, 0.2f)
                        .then("PRelu", of("s"))),
                model("clip, old", vector(6 + 1).then("Clip", attribute("min", 0f), attribute("max", 0.5f))),
                model("clip, one end", vector(9).then("Clip", attribute("max", 0.5f))),
                model("clip", vector(13).weight("a", new long[0], -0.25f).weight("b", new long[0], 0.5f).then("Clip",
                of("a", "b"))),
                model("clip, no lower end", vector(13).weight("b", new long[0], 0.5f).then("Clip", of("", "b"))),
                model("clip at 0", vector(13).weight("a", new long[0], 0f).then("Clip", of("a"))),
                model("minimum, as Keras writes ReLU6", vector(13).then("Relu").weight("six", new long[0], 0.5f)
                        .then("Min", of("six"))),
                model("maximum", vector(13).weight("c", new long[] {1}, -0.1f).node("Max", "y", of("c", "x"))),
                model("add", image(13).weight("c", 3, 1, 1).then("Add", of("c"))),
                model("add of each element", image(13).weight("c", 3, 8, 7).then("Add", of("c"))),
                model("add of columns", image(13).weight("c", 7).then("Add", of("c"))),
                model("subtract", image(13).weight("c", 1, 3, 1, 1).then("Sub", of("c"))),
                model("subtract from", image(13).weight("c", 1).node("Sub", "y", of("c", "x"))),
                model("multiply", image(13).weight("c", 8, 1).node("Mul", "y", of("c", "x"))),
                model("divide", image(13).weight("c", 3, 1, 1).then("Div", of("c"))),
                model("normalise", image(11).weight("m", 1, 3, 1, 1).weight("s", 1, 3, 1, 1).then("Sub", of("m")).then("Div",
                of("s"))),
                model("rescale", image(11).weight("m", new long[0], 0.00392156f).weight("s", new long[0], -1).then("Mul",
                of("m"))
                        .then("Add", of("s"))),
                model("scaled twice", vector(11).weight("m", 6).weight("n", 6).then("Mul", of("m")).then("Add", of("n"))
                        .then("Mul", of("n")).then("Sub", of("m")).then("Div", of("m"))),
                model("two offsets", vector(11).weight("m", 6).weight("n", 6).then("Add", of("m")).then("Add", of("n"))),
                model("constant made of constants", vector(13).weight("m", 6).weight("n", 6).node("Mul", "k", of("m", "n"))
                        .node("Sqrt", "r", of("m")).node("Neg", "q", of("n")).node("Sub", "d", of("k", "q"))
                        .node("Add", "y", of("x", "d"))),
                model("batch norm", image(9).weight("g", 3).weight("b", 3).weight("m", 3).weight("v", new long[] {3}, 1, 2,
                0.5f)
                        .then("BatchNormalization", of("g", "b", "m", "v"), attribute("epsilon", 1e-3f),
                        attribute("momentum", 0.9f))),
                model("batch norm of a vector", vector(15).weight("g", 6).weight("b", 6).weight("m", 6)
                        .weight("v", new long[] {6}, 1, 2, 3, 4, 5, 6).then("BatchNormalization", of("g", "b", "m", "v"))),
                model("batch norm of a line", new OnnxBuilder(15).input(-1, 2, 5).weight("g", 2).weight("b", 2).weight("m",
                2)
                        .weight("v", new long[] {2}, 1, 2).then("BatchNormalization", of("g", "b", "m", "v"))),
                model("dropout", vector(9).then("Dropout", attribute("ratio", 0.5f)).then("Relu")),
                model("residual", image(13).weight("w", 3, 3, 3, 3).then("Conv", of("w"),
                list("pads", 1, 1, 1, 1)).then("Relu")
                        .node("Add", "y", of("v1", "x"))),
                model("difference of values", vector(13).weight("w", 6, 6).then("MatMul", of("w")).node("Sub", "y",
                of("x", "v0"))),
                model("twice a value", vector(13).node("Add", "y", of("x", "x"))),
                model("sum of three", vector(13).then("Relu").node("Tanh", "t", of("x")).node("Sum", "y",
                of("v0", "t", "x"))),
                model("sum of values in the same other order",
                ended(image(13).node("Transpose", "t", of("x"), list("perm", 0, 2, 3, 1))
                        .node("Relu", "r", of("t")).node("Add", "y", of("t", "r")), 168)),
                model("sum of values in two orders", ended(new OnnxBuilder(13).input(1, 4, 4).node("Transpose", "t", of("x"),
                        list("perm", 0, 2, 1)).node("Add", "y", of("t", "x")), 16))));
        return models.stream();
    }

    static Stream<Arguments> layouts() {
        return Stream.of(
                model("reshape", ended(image(13).integers("s", 0, -1, 7).then("Reshape", of("s")), 168)),
                model("reshape by what shapes say, as PyTorch", image(11).then("Relu").node("Shape", "s", of("v0"))
                        .weight("unused", 1).node("Gather", "n", of("s", "zero")).node("Unsqueeze", "u", of("n"),
                        list("axes", 0))
                        .integers("minus", -1).node("Concat", "t", of("u", "minus"), attribute("axis", 0))
                        .node("Reshape", "f", of("v0", "t")).weight("w", 168, 4).then("MatMul", of("w"))
                        .constant("zero", 0)),
                model("flatten, axis 2", ended(image(13).then("Flatten", attribute("axis", 2)).integers("s", 1, -1)
                        .then("Reshape", of("s")), 168)),
                model("flatten from the end", ended(image(13).then("Flatten", attribute("axis", -3)), 168)),
                model("squeeze and unsqueeze, old", ended(new OnnxBuilder(11).input(1, 1, 5, 1).then("Squeeze",
                list("axes", 1, 3))
                        .then("Unsqueeze", list("axes", 1, -1)), 5)),
                model("squeeze and unsqueeze", ended(new OnnxBuilder(13).input(1, 1, 5, 1).integers("a", 1, -1)
                        .then("Squeeze", of("a")).integers("b", 0).then("Unsqueeze", of("b")), 5)),
                model("transpose", ended(image(13).then("Transpose", list("perm", 0, 2, 3, 1)), 168)),
                model("transpose to the end", image(13).then("Transpose", list("perm", 0, 3, 2, 1)).integers("s", 1, -1)
                        .then("Reshape", of("s"))),
                model("transpose and back", image(13).then("Transpose", list("perm", 0, 2, 3, 1)).then("Sigmoid")
                        .then("Transpose", list("perm", 0, 3, 1, 2)).weight("w", 2, 3, 2, 2).then("Conv", of("w"))),
                model("transpose between convolutions", image(13).then("Transpose", list("perm", 0, 1, 3, 2))
                        .weight("w", 2, 3, 2, 2).then("Conv", of("w"))),
                model("concat", ended(image(13).node("Relu", "a", of("x")).node("Tanh", "b", of("x"))
                        .node("Concat", "y", of("a", "b"), attribute("axis", 1)), 336)),
                model("concat along columns", ended(image(13).node("Relu", "a", of("x")).node("Tanh", "b", of("x"))
                        .node("Concat", "y", of("a", "b", "a"), attribute("axis", -1)), 504)),
                model("concat with a constant", ended(new OnnxBuilder(13).input(1, 2, 4).weight("c", 1, 2, 2)
                        .node("Concat", "y", of("c", "x"), attribute("axis", 2)), 12)),
                model("slice, old", ended(image(9).then("Slice", list("starts", 1, 0), list("ends", 9999, -1),
                list("axes", 2, 3)), 126)),
                model("slice", ended(image(13).integers("s", 1, -2).integers("e", 7, 0).integers("a", 2, 3).integers("d", 3,
                -2)
                        .then("Slice", of("s", "e", "a", "d")), 18)),
                model("slice to the very end", ended(image(13).integers("s", 0).integers("e", Long.MAX_VALUE).integers("a",
                2)
                        .integers("d", 2).then("Slice", of("s", "e", "a", "d")), 84)),
                model("slice backwards", ended(image(13).integers("s", -1).integers("e", Long.MIN_VALUE).integers("a", 1)
                        .integers("d", -1).then("Slice", of("s", "e", "a", "d")), 168)),
                model("gather", ended(image(13).integers("i", 2, -3).then("Gather", of("i"), attribute("axis", 1)), 112)),
                model("gather one", ended(new OnnxBuilder(13).input(1, 3, 5).constant("i", 1).then("Gather", of("i"),
                        attribute("axis", 2)), 3)),
                model("split", split(11, 2, 6)),
                model("split in new opsets", split(18, 4, 4)),
                model("pad, old", ended(image(9).then("Pad", list("pads", 0, 0, 1, 2, 0, 1, 0, 3), attribute("value", 0f)),
                432)),
                model("pad", ended(image(13).integers("p", 0, 0, 1, 2, 0, 1, 0, 3).weight("c", new long[0], 0.75f)
                        .then("Pad", of("p", "c")), 432)),
                model("pad, cut", ended(image(13).integers("p", 0, 0, -1, 2, 0, 0, -2, -1).then("Pad", of("p")), 120)),
                model("pad, axes", ended(image(18).integers("p", 1, 2).integers("a", -1).then("Pad", of("p", "", "a")),
                240)),
                model("pad then sigmoid", ended(image(13).integers("p", 0, 0, 1, 0, 0, 0, 0, 0).then("Pad",
                of("p")).then("Sigmoid"), 189)),
                model("expand to the same", vector(13).integers("s", 1, 1).then("Expand", of("s")).then("Relu")),
                model("cast", vector(13).then("Cast", attribute("to", 1)).then("Relu")),
                model("channels turned and cut", ended(image(13).then("Transpose", list("perm", 0, 2, 3, 1)).integers("s", 1)
                        .integers("e", 3).integers("a", 3).then("Slice", of("s", "e", "a")).then("Relu"), 112)));
    }

    static Stream<Arguments> batches() {
        return Stream.of(
                model("of four", new OnnxBuilder(13).input(4, 6).weight("w", 6, 3).weight("b", 3).then("MatMul", of("w"))
                        .then("Add", of("b")).then("Relu")),
                model("of four images", ended(new OnnxBuilder(13).input(4, 3, 6, 6).weight("w", 2, 3, 3, 3).then("Conv",
                of("w"))
                        .integers("s", 4, -1).then("Reshape", of("s")).weight("c", 1, 32).then("Mul", of("c")), 32)),
                model("of four, as shapes say", ended(new OnnxBuilder(13).input(4, 3, 2).node("Shape", "s", of("x"))
                        .constant("zero", 0).node("Gather", "n", of("s", "zero")).integers("i", 0)
                        .node("Unsqueeze", "u", of("n", "i")).integers("m", -1).node("Concat", "t", of("u", "m"),
                        attribute("axis", 0))
                        .node("Reshape", "r", of("x", "t")).then("Tanh"), 6)),
                model("none, of rows that are no batch", new OnnxBuilder(13).input(3, 4).integers("s", 1, 12)
                        .then("Reshape", of("s")).weight("w", 12, 2).then("MatMul", of("w"))),
                model("none, of an image", ended(new OnnxBuilder(13).input(3, 5, 5).integers("a", 0).then("Unsqueeze",
                of("a"))
                        .weight("w", 2, 3, 2, 2).then("Conv", of("w")), 32)));
    }

    private static OnnxBuilder split(int opset, int one, int other) {
        OnnxBuilder builder = new OnnxBuilder(opset).input(1, 8, 3);
        NodeProto.Builder node = NodeProto.newBuilder().setOpType("Split").addInput("x").addOutput("a").addOutput("b")
                .addAttribute(attribute("axis", 1));
        if (opset < 13) {
            node.addAttribute(list("split", one, other));
        } else {
            node.addAttribute(attribute("num_outputs", 2));
        }
        builder.graph().addNode(node);
        return ended(builder.node("Relu", "r", of("b")).node("Concat", "y", of("r", "a"), attribute("axis", 1)), 24);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"products", "convolutions", "poolings", "elementwise", "layouts", "batches"})
    void givenAModel_whenRead_thenItGivesOnnxRuntimesOutputs(String what, byte[] model) throws Exception {
        Graph graph = read(model).graph();
        try (OnnxRuntime runtime = OnnxRuntime.of(model)) {
            runtime.assertSame(graph, 1e-5);
        }
    }

    private static List<String> kinds(Graph graph) {
        return graph.nodes().stream().map(node -> node.op().getClass().getSimpleName()).toList();
    }

    @Test
    void givenNeighboursThatAreOneOperation_whenRead_thenTheyAreOne() {
        Map<String, List<String>> expected = Map.of(
                "MatMul and Add", List.of("Dense"),
                "Gemm, alpha 0.5 and beta -2", List.of("Dense"),
                "bias behind", List.of("Conv2d", "Flatten"),
                "padding of its own operation", List.of("Conv2d", "Flatten"),
                "channels last, bias last", List.of("Rearrange", "Conv2d", "Relu", "Flatten", "Dense"),
                "transpose and back", List.of("Sigmoid", "Conv2d", "Flatten"),
                "transpose", List.of("Flatten", "Dense"),
                "rescale", List.of("Scale", "Flatten"),
                "reshape by what shapes say, as PyTorch", List.of("Relu", "Flatten", "Dense"));
        Stream.of(products(), convolutions(), elementwise(), layouts()).flatMap(models -> models)
                .filter(model -> expected.containsKey((String) model.get()[0]))
                .forEach(model -> assertEquals(expected.get((String) model.get()[0]),
                kinds(read((byte[]) model.get()[1]).graph()),
                        (String) model.get()[0]));
    }

    @Test
    void givenNumbersThatOneFloatCannotHold_whenRead_thenOperationsStayApartOrANoteSaysSo() {
        OnnxBuilder sum = new OnnxBuilder(13).input(1, 1).weight("w", new long[] {1, 1}, 1).weight("b", new long[] {1}, 1)
                .weight("c", new long[] {1}, 1e-9f).then("Gemm", of("w", "b")).then("Add", of("c"));
        assertEquals(List.of("Dense", "Scale"), kinds(read(sum.bytes()).graph()));
        OnnxBuilder odd = new OnnxBuilder(13).input(1, 1).weight("w", new long[] {1, 1}, 0.1f).then("Gemm", of("w"),
                attribute("alpha", 0.1f));
        assertEquals(List.of("Dense", "Scale"), kinds(read(odd.bytes()).graph()));
        assertEquals(List.of(), read(odd.bytes()).notes());
        OnnxBuilder computed = new OnnxBuilder(13).input(1, 1).weight("w", new long[] {1, 1}, 0.1f).node("Mul", "k",
                of("w", "w"))
                .node("Mul", "y", of("x", "k"));
        assertEquals(List.of("constants that the model computes from others were computed in double and rounded to float "
                + "once"),
                read(computed.bytes()).notes());
    }

    @Test
    void givenWeightsOfOtherTypes_whenRead_thenTheyAreTheNearestFloatsAndNotesSayWhatDiffers() throws Exception {
        for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT16)) {
            byte[] model = new OnnxBuilder(13).type(type).input(1, 6).weight("w", 6, 4).weight("b", 4)
                    .then("MatMul", of("w")).then("Add", of("b")).bytes();
            OnnxModel read = read(model);
            assertEquals(List.of(type.name()), read.weights());
            assertEquals(List.of("values that the model computes in " + type.name().toLowerCase()
                    + " are computed in float"),
                    read.notes());
            try (OnnxRuntime runtime = OnnxRuntime.of(model)) {
                runtime.assertSame(read.graph(), type == DataType.DOUBLE ? 1e-12 : 2e-3);
            }
        }
        OnnxModel brain = read(new OnnxBuilder(13).input(1, 2).type(DataType.BFLOAT16)
                .weight("w", new long[] {2, 1}, 1.5f, -0x1p-120f).then("MatMul", of("w")).bytes());
        assertEquals(Tensor.of(Shape.of(1, 2), 1.5f, -0x1p-120f), ((Op.Dense) brain.graph().nodes().get(0).op()).weight());
        OnnxBuilder third = new OnnxBuilder(13).input(1, 1);
        third.graph().addInitializer(TensorProto.newBuilder().setName("w")
                .setDataType(DataType.DOUBLE.getNumber()).addDims(1)
                .addDims(1).addDoubleData(1 / 3.0));
        OnnxModel rounded = read(third.then("MatMul", of("w")).bytes());
        assertEquals(List.of("float64 weights were rounded to float once"), rounded.notes());
        assertEquals((float) (1 / 3.0), ((Op.Dense) rounded.graph().nodes().get(0).op()).weight().at(0));
    }

    @Test
    void givenAFinalSoftmax_whenRead_thenItIsLeftOutAndSaid() throws Exception {
        for (int opset : new int[] {9, 13}) {
            for (String softmax : List.of("Softmax", "LogSoftmax")) {
                byte[] model = vector(opset).weight("w", 6, 4).then("MatMul",
                        of("w")).then(softmax).then("Identity").bytes();
                OnnxModel read = read(model);
                assertEquals(List.of("Dense"), kinds(read.graph()));
                assertTrue(read.logitsOnly());
                assertEquals(List.of("the final softmax was left out: outputs are logits, in the same order"), read.notes());
            }
        }
        assertFalse(read(vector(13).then("Relu").bytes()).logitsOnly());
    }

    @Test
    void givenNodesInAnyOrderAndSomeThatNothingNeeds_whenRead_thenTheSameGraph() {
        OnnxBuilder builder = vector(13).node("Tanh", "b", of("a")).node("Loop", "unneeded", of("a")).node("Relu", "a",
                of("x"))
                .from("b");
        assertEquals(List.of("Relu", "Tanh", "Flatten").subList(0, 2), kinds(read(builder.bytes()).graph()));
    }

    @Test
    void givenMetadataAndInitialisersThatAreInputs_whenRead_thenMetadataReturnAndTheInputIsTheOtherOne() {
        OnnxBuilder builder = vector(7).weight("w", 6, 4);
        builder.input(builder.info("w", 6, 4));
        builder.model().addMetadataProps(StringStringEntryProto.newBuilder().setKey("seed").setValue("7"));
        OnnxModel model = read(builder.then("MatMul", of("w")).bytes());
        assertEquals(Map.of("seed", "7"), model.metadata());
        assertEquals(Shape.of(6), model.graph().input());
    }

    /** {@code x + omega - omega} rounds twice in floats: what is joined must not hide that. */
    @Test
    void givenOffsetsThatCancel_whenRead_thenTheyStayApartAndABiasOfItsOwnIsJoined() {
        OnnxBuilder builder = vector(13).weight("w", 6, 4).then("MatMul", of("w"));
        OnnxModel joined = read(builder.weight("b", 4).then("Add", of("b")).bytes());
        assertEquals(1, joined.graph().nodes().size());
        OnnxModel apart = read(builder.weight("c", 4).then("Sub", of("c")).then("Sub", of("c")).bytes());
        assertEquals(3, apart.graph().nodes().size());
        assertTrue(apart.otherInFloat32().isEmpty());
    }
}

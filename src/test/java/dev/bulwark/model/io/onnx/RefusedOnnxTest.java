package dev.bulwark.model.io.onnx;

import static dev.bulwark.model.io.onnx.OnnxBuilder.attribute;
import static dev.bulwark.model.io.onnx.OnnxBuilder.list;
import static dev.bulwark.model.io.onnx.OnnxBuilder.of;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Models that are damaged, hostile, or beyond what is understood, and the line that each gets. */
class RefusedOnnxTest {

    private static Arguments model(String line, OnnxBuilder builder) {
        return Arguments.of(line, builder.bytes());
    }

    private static OnnxBuilder vector() {
        return new OnnxBuilder(13).input(1, 6);
    }

    private static OnnxBuilder image() {
        return new OnnxBuilder(13).input(1, 3, 8, 7);
    }

    private static OnnxBuilder weighed(TensorProto.Builder tensor) {
        OnnxBuilder builder = vector();
        builder.graph().addInitializer(tensor.setName("w"));
        return builder.then("MatMul", of("w"));
    }

    private static TensorProto.Builder tensor(DataType type, long... dims) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(type.getNumber());
        Arrays.stream(dims).forEach(tensor::addDims);
        return tensor;
    }

    private static OnnxBuilder importing(OperatorSetIdProto... opsets) {
        OnnxBuilder builder = vector().then("Relu");
        builder.model().clearOpsetImport().addAllOpsetImport(Arrays.asList(opsets));
        return builder;
    }

    static Stream<Arguments> damaged() {
        OnnxBuilder cycle = vector().node("Add", "a", of("x", "b")).node("Relu", "b", of("a"));
        OnnxBuilder twice = vector().node("Relu", "a", of("x")).node("Tanh", "a", of("x"));
        OnnxBuilder sparse = vector();
        sparse.graph().addSparseInitializer(SparseTensorProto.newBuilder().setValues(TensorProto.newBuilder().setName("w")));
        return Stream.of(
                Arguments.of("not an ONNX model: it holds no graph", new byte[0]),
                Arguments.of("not an ONNX model, or one that is cut off or damaged: Protocol message contained an invalid "
                + "tag (zero)",
                        new byte[] {8, 0, 0, 0}),
                model("tensor w holds 8 bytes, FLOAT of shape [6, 1] needs 24: the file is damaged",
                        weighed(tensor(DataType.FLOAT, 6, 1).setRawData(ByteString.copyFrom(new byte[8])))),
                model("tensor w holds 1 numbers, its shape [6, 1] needs 6: the file is damaged",
                        weighed(tensor(DataType.FLOAT, 6, 1).addFloatData(1))),
                model("tensor w: a value of shape [1073741824, 1073741824] is beyond the 134217728 elements that are "
                + "supported",
                        weighed(tensor(DataType.FLOAT, 1 << 30, 1 << 30))),
                model("tensor w: a value of shape [1152921504606846976] is beyond the 134217728 elements that are supported",
                        weighed(tensor(DataType.FLOAT, 1L << 60))),
                model("tensor w: a value of shape [-1, 6] is beyond the 134217728 elements that are supported",
                        weighed(tensor(DataType.FLOAT, -1, 6))),
                model("tensor w holds STRING, of which no networks are read: export the model with float weights",
                        weighed(tensor(DataType.STRING, 1))),
                model("tensor w holds UNDEFINED, of which no networks are read: export the model with float weights",
                        weighed(TensorProto.newBuilder().setDataType(999))),
                model("MatMul v0: w holds integers, and floats are needed",
                        weighed(tensor(DataType.INT64, 6, 1).addAllInt64Data(java.util.List.of(1L, 1L, 1L, 1L, 1L, 1L)))),
                model("MatMul v0: w holds NaN at element 0 of shape [1, 6]",
                        weighed(tensor(DataType.FLOAT, 6, 1).setRawData(ByteString.copyFrom(
                                new byte[] {0, 0, (byte) 0xC0, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                0})))),
                model("MatMul v0: w holds 1.0E300 at element 5 of shape [1, 6], beyond the largest float",
                        weighed(tensor(DataType.DOUBLE, 6, 1).addAllDoubleData(java.util.List.of(0.0, 0.0, 0.0, 0.0, 0.0,
                        1e300)))),
                model("MatMul v0 reads w, which nothing makes: the file is damaged", vector().then("MatMul", of("w"))),
                model("MatMul v0 reads w, which nothing makes but a sparse tensor: save the model with dense ones",
                        sparse.then("MatMul", of("w"))),
                model("Add a reads b, which is made from what it makes: the file is damaged", cycle),
                model("Tanh a makes a, which is made elsewhere too: the file is damaged", twice),
                model("nothing makes the output nowhere: the file is damaged", vector().then("Relu").from("nowhere")),
                model("the output w does not depend on the input", vector().weight("w", 3).from("w")),
                model("a network needs at least one operation", vector()),
                model("Relu v0: input 0 is missing: the file is damaged", vector().node("Relu", "v0", of())));
    }

    static Stream<Arguments> opsets() {
        return Stream.of(
                model("the model is of no opset, and opsets 7 to 21 are understood: export it with one of these",
                importing()),
                model("the model is of opset 6, and opsets 7 to 21 are understood: export it with one of these",
                        importing(OperatorSetIdProto.newBuilder().setVersion(6).build())),
                model("the model is of opset 99, and opsets 7 to 21 are understood: export it with one of these",
                        importing(OperatorSetIdProto.newBuilder().setDomain("ai.onnx").setVersion(99).build())));
    }

    static Stream<Arguments> ends() {
        OnnxBuilder two = vector();
        two.input(two.info("z", 1, 2));
        OnnxBuilder several = vector().then("Relu");
        return Stream.of(
                model("the model has 2 inputs (x, z), and one is supported: export it with one alone", two.then("Relu")),
                model("the model has no input, and one is supported: export it with one alone",
                new OnnxBuilder(13).from("y")),
                Arguments.of("the model has 2 outputs (a, b), and one is supported: export it with one alone",
                        several.bytes(several.info("a", 1), several.info("b", 1))),
                model("dimension 2 of input x is left open: export the model for inputs of one size, with the batch alone "
                + "left open",
                        new OnnxBuilder(13).input(-1, 3, -1, 8).then("Relu")),
                model("dimension 1 of input x is left open: export the model for inputs of one size, with the batch alone "
                + "left open",
                        new OnnxBuilder(13).input(1, 0).then("Relu")),
                model("input x is a vector of open size: export the model for inputs of one size",
                        new OnnxBuilder(13).input(-1).then("Relu")),
                model("a value of shape [1, 3, 4096, 4096] is beyond the 16777216 elements that are supported",
                        new OnnxBuilder(13).input(-1, 3, 4096, 4096).then("Relu")),
                model("input x is a single number: export the model for inputs of one size",
                new OnnxBuilder(13).input().then("Relu")),
                model("input x takes UINT8, and floats are supported: export the model for float inputs",
                        new OnnxBuilder(13).type(DataType.UINT8).input(1, 3).then("Relu")));
    }

    static Stream<Arguments> operations() {
        OnnxBuilder foreign = vector().then("Attention");
        foreign.graph().setNode(0, foreign.graph().getNode(0).toBuilder().setDomain("com.microsoft"));
        OnnxBuilder mixing = new OnnxBuilder(13).input(4, 6).then("Transpose").integers("s", 4, 6).then("Reshape", of("s"));
        OnnxBuilder indices = image();
        indices.graph().addNode(NodeProto.newBuilder().setOpType("MaxPool").setName("pool").addInput("x")
                .addOutput("a").addOutput("b")
                .addAttribute(list("kernel_shape", 2, 2)));
        OnnxBuilder batchStatistics = vector().weight("g", 6).then("BatchNormalization", of("g", "g", "g", "g"));
        batchStatistics.graph().setNode(0, batchStatistics.graph().getNode(0).toBuilder().addOutput("mean").addOutput("var")
                .addOutput("saved_mean").addOutput("saved_var"));
        return Stream.of(
                model("Attention v0 is an operation of com.microsoft, which is not supported: export the model in ONNX's "
                + "own operations",
                        foreign),
                model("Erf v0: this operation is not supported: export the model without it", vector().then("Erf")),
                model("Loop v0: this operation is not supported: export the model without it", vector().then("Loop")),
                model("Relu v0: attribute slope is not understood", vector().then("Relu", attribute("slope", 1f))),
                model("LeakyRelu v0: attribute alpha is INT, not FLOAT: the file is damaged",
                        vector().then("LeakyRelu", attribute("alpha", 1))),
                model("LeakyRelu v0: a slope of 1.5 is not supported: it must lie in [0, 1]",
                        vector().then("LeakyRelu", attribute("alpha", 1.5f))),
                model("PRelu v0: its slopes differ, and one for all elements is supported",
                        vector().weight("s", new long[] {6}, 1, 2, 3, 4, 5, 6).then("PRelu", of("s"))),
                model("Clip v0: it clips to [1.0, 1.0], which leaves one value at most",
                        vector().weight("a", new long[0], 1).then("Clip", of("a", "a"))),
                model("MatMul v0: its factors both depend on the network's input, and one must be a constant",
                        new OnnxBuilder(13).input(1, 3, 3).then("MatMul", of("x"))),
                model("MatMul v0: w of shape [5, 2] does not fit a value of shape [1, 6]",
                        vector().weight("w", 5, 2).then("MatMul", of("w"))),
                model("MatMul v0: w of shape [2, 6, 2] is no matrix", vector().weight("w", 2, 6, 2).then("MatMul", of("w"))),
                model("Mul v0: both its factors depend on the network's input, and one must be a constant",
                        vector().then("Mul", of("x"))),
                model("Div v0: it divides by 0", vector().weight("z", new long[] {1}, 0).then("Div", of("z"))),
                model("Div v0: it divides by what depends on the network's input, which is not supported",
                        vector().weight("z", 1).node("Div", "v0", of("z", "x"))),
                model("Add v0: a constant of shape [4, 6] spreads a value of shape [1, 6] over more elements, which no "
                + "operation "
                        + "here expresses", vector().weight("c", 4, 6).then("Add", of("c"))),
                model("Add v0: shapes [1, 6] and [5] don't go together", vector().weight("c", 5).then("Add", of("c"))),
                model("Conv v0: a weight of shape [4, 3, 3, 3, 3] on a value of shape [1, 3, 8, 7] is no convolution along "
                + "one or two "
                        + "dimensions of an image", image().weight("w", 4, 3, 3, 3, 3).then("Conv", of("w"))),
                model("Conv v0: a convolution of 2 channels follows an output of shape [3, 8, 7]",
                        image().weight("w", 4, 2, 3, 3).then("Conv", of("w"))),
                model("Conv v0: pads are [0, 0, -1, 0], which is not understood",
                        image().weight("w", 4, 3, 3, 3).then("Conv", of("w"), list("pads", 0, 0, -1, 0))),
                model("Conv v0: strides are [2], and 2 numbers are needed",
                        image().weight("w", 4, 3, 3, 3).then("Conv", of("w"), list("strides", 2))),
                model("Conv v0: stride must be at least 1: 0",
                        image().weight("w", 4, 3, 3, 3).then("Conv", of("w"), list("strides", 1, 0))),
                model("Conv v0: auto_pad SAME is not understood",
                        image().weight("w", 4, 3, 3, 3).then("Conv", of("w"), attribute("auto_pad", "SAME"))),
                model("Conv v0: kernel_shape [2, 2] is not its weight's [3, 3]",
                        image().weight("w", 4, 3, 3, 3).then("Conv", of("w"), list("kernel_shape", 2, 2))),
                model("Conv v1: input 1 (k) must be a constant, and depends on the network's input",
                        image().node("Relu", "k", of("x")).node("Conv", "v1", of("x", "k"))),
                model("MaxPool v0: its ceil_mode adds a window that begins behind the last element, which PyTorch leaves out and "
                        + "other runtimes don't: export with ceil_mode=False, and pad the image where the size must stay",
                        image().then("MaxPool", list("kernel_shape", 2, 2), list("strides", 3, 3), list("pads", 0, 1, 0, 1),
                                attribute("ceil_mode", 1))),
                model("AveragePool v0: count_include_pad with a ceil_mode that adds a window is not understood: export with "
                        + "ceil_mode=False", image().then("AveragePool", list("kernel_shape", 3, 2), list("strides", 2, 3),
                        list("pads", 1, 0, 1, 1), attribute("ceil_mode", 1), attribute("count_include_pad", 1))),
                model("AveragePool v0: a pooling of an image of shape 3 x 8 x 7 has a window that lies outside it: 2 x 2 "
                + "windows, 1 apart, "
                        + "padded by 2, 0, 0, 0", image().then("AveragePool",
                        list("kernel_shape", 2, 2), list("pads", 2, 0, 0, 0))),
                model("MaxPool pool: its output 1 (b) is read, and only the first is understood",
                        indices.node("Relu", "y", of("b"))),
                model("BatchNormalization v0: only normalisation by fixed statistics, channel by channel, is understood: "
                + "export the "
                        + "model in evaluation mode", vector().weight("g", 6).then("BatchNormalization",
                        of("g", "g", "g", "g"),
                        attribute("training_mode", 1))),
                model("BatchNormalization v0: only normalisation by fixed statistics, channel by channel, is understood: "
                        + "export the model in evaluation mode", batchStatistics),
                model("Dropout v0: it drops elements at random: export the model in evaluation mode",
                        training().then("Dropout", of("", "training"))),
                model("Relu v1: it reads a softmax, which is understood at the network's end only: export the logits",
                        vector().then("Softmax").then("Relu")),
                model("Softmax v0: it is over axis 1 of a value of shape [1, 3, 8, 7], not over all outputs of an input: "
                + "export the logits",
                        image().then("Softmax", attribute("axis", 1))),
                model("Gather v0: an element is used twice, which no operation here expresses",
                        vector().integers("i", 1, 1).then("Gather", of("i"), attribute("axis", 1))),
                model("Gather v0: there is no element 6 along axis 1 of a value of shape [1, 6]",
                        vector().integers("i", 6).then("Gather", of("i"), attribute("axis", 1))),
                model("Expand v0: it repeats elements of a value of shape [1, 6], which no operation here expresses",
                        vector().integers("s", 4, 6).then("Expand", of("s"))),
                model("Pad v0: mode reflect is not supported: it uses elements twice",
                        vector().integers("p", 0, 1, 0, 1).then("Pad", of("p"), attribute("mode", "reflect"))),
                model("Pad v0: pads of 9223372036854775807 and 0 don't fit an axis of 6",
                        vector().integers("p", 0, Long.MAX_VALUE, 0, 0).then("Pad", of("p"))),
                model("Pad v0: a value of shape [1, 100000006] is beyond the 16777216 elements that are supported",
                        vector().integers("p", 0, 100_000_000, 0, 0).then("Pad", of("p"))),
                model("Gemm v0: w of shape [4, 5] does not fit a value of shape [1, 6]",
                        vector().weight("w", 4, 5).then("Gemm", of("w"), attribute("transB", 1))),
                model("Gemm v0: its factors must be matrices, not of shape [6]",
                vector().weight("w", 6).then("Gemm", of("w"))),
                model("Reshape v0: a value of shape [1, 6] can't take shape [4, -1]",
                vector().integers("s", 4, -1).then("Reshape", of("s"))),
                model("Reshape v0: a value of shape [1, 6] can't take shape [-1, -1]",
                vector().integers("s", -1, -1).then("Reshape", of("s"))),
                model("ConstantOfShape c: a value of shape [1099511627776] is beyond the 134217728 elements that are "
                + "supported",
                        vector().integers("s", 1L << 40).node("ConstantOfShape", "c", of("s")).node("Add", "y",
                        of("x", "c"))),
                model("Cast v0: it casts what depends on the network's input to INT64, which is not supported",
                        vector().then("Cast", attribute("to", 7))),
                model("Concat v0: shapes [1, 6] and [1, 5] can't be put together along axis 0",
                        vector().weight("c", 1, 5).then("Concat", of("c"), attribute("axis", 0))),
                Arguments.of("Transpose v0: it mixes the 4 inputs of a batch: export the model with a batch of 1",
                        mixing.bytes(mixing.info(mixing.last(), 4, 6))));
    }

    private static OnnxBuilder training() {
        OnnxBuilder builder = vector();
        builder.graph().addInitializer(tensor(DataType.BOOL).setName("training").addInt32Data(1));
        return builder;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"damaged", "opsets", "ends", "operations"})
    void givenAModelThatIsNotUnderstood_whenRead_thenOneLineSaysWhatAndWhere(String line, byte[] model) {
        assertEquals(line, assertThrows(OnnxException.class, () -> OnnxReaderTest.read(model)).getMessage());
    }

    /** Whatever bytes are lost or changed, the answer is a graph or one line, at once. */
    @Test
    @Timeout(60)
    void givenAModelCutOffOrChangedAnywhere_whenRead_thenAGraphOrOneLine() {
        byte[] model = image().weight("w", 4, 3, 3, 3).weight("b", 4).then("Conv", of("w", "b"),
                list("strides", 2, 2)).then("Relu")
                .then("Flatten").weight("v", 36, 3).then("Gemm", of("v"), attribute("alpha", 0.5f)).bytes();
        Random random = new Random(1);
        for (int k = 0; k < 3000; ++k) {
            byte[] broken = k < model.length ? Arrays.copyOf(model, k) : model.clone();
            for (int changes = k < model.length ? 0 : 1 + random.nextInt(4); changes > 0; --changes) {
                broken[random.nextInt(random.nextBoolean() ? broken.length : 500)] = (byte) random.nextInt();
            }
            try {
                OnnxReaderTest.read(broken);
            } catch (OnnxException e) {
                assertTrue(e.getMessage().lines().count() <= 1, e.getMessage());
            }
        }
    }
}

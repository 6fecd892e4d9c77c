package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/** An ONNX model put together message by message, right or wrong, without the writer under test. */
public final class OnnxBuilder {

    private final ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");
    private final SplittableRandom random = new SplittableRandom(5);
    private DataType type = DataType.FLOAT;
    private String last = "";

    public OnnxBuilder(int opset) {
        model.addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset));
    }

    ModelProto.Builder model() {
        return model;
    }

    GraphProto.Builder graph() {
        return graph;
    }

    /** What inputs and weights that follow are stored as. */
    OnnxBuilder type(DataType other) {
        type = other;
        return this;
    }

    /** An input {@code x}; -1 for a dimension that is left open, by a name. */
    public OnnxBuilder input(long... dims) {
        graph.addInput(info("x", dims));
        last = "x";
        return this;
    }

    OnnxBuilder input(ValueInfoProto info) {
        graph.addInput(info);
        return this;
    }

    ValueInfoProto info(String name, long... dims) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        for (long d : dims) {
            TensorShapeProto.Dimension.Builder dimension = TensorShapeProto.Dimension.newBuilder();
            shape.addDim(d == -1 ? dimension.setDimParam("open") : dimension.setDimValue(d));
        }
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape))).build();
    }

    /** Weights near 0, in raw bytes. */
    public OnnxBuilder weight(String name, long... dims) {
        return weight(name, dims, random(dims));
    }

    float[] random(long... dims) {
        float[] values = new float[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
        for (int k = 0; k < values.length; ++k) {
            values[k] = (float) random.nextDouble(-0.5, 0.5);
        }
        return values;
    }

    public OnnxBuilder weight(String name, long[] dims, float... values) {
        graph.addInitializer(tensor(name, dims, values));
        return this;
    }

    TensorProto tensor(String name, long[] dims, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (type) {
                case DOUBLE -> bytes.putDouble(value);
                case FLOAT16 -> bytes.putShort(dev.bulwark.model.Half.fromFloat(value));
                case BFLOAT16 -> bytes.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
                default -> bytes.putFloat(value);
            }
        }
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(type.getNumber())
                .setRawData(ByteString.copyFrom(bytes.flip()));
        Arrays.stream(dims).forEach(tensor::addDims);
        return tensor.build();
    }

    /** A vector of integers. */
    public OnnxBuilder integers(String name, long... values) {
        graph.addInitializer(integerTensor(name, new long[] {values.length}, values));
        return this;
    }

    /** One integer, without dimensions. */
    OnnxBuilder constant(String name, long value) {
        graph.addInitializer(integerTensor(name, new long[0], value));
        return this;
    }

    static TensorProto integerTensor(String name, long[] dims, long... values) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(DataType.INT64.getNumber());
        Arrays.stream(dims).forEach(tensor::addDims);
        Arrays.stream(values).forEach(tensor::addInt64Data);
        return tensor.build();
    }

    /** A node that reads what the one before it makes, then {@code others}; without a name, as exporters once wrote them. */
    public OnnxBuilder then(String operation, String[] others, AttributeProto... attributes) {
        String[] inputs = new String[others.length + 1];
        inputs[0] = last;
        System.arraycopy(others, 0, inputs, 1, others.length);
        return node(operation, "v" + graph.getNodeCount(), inputs, attributes);
    }

    public OnnxBuilder then(String operation, AttributeProto... attributes) {
        return then(operation, new String[0], attributes);
    }

    public OnnxBuilder node(String operation, String output, String[] inputs, AttributeProto... attributes) {
        graph.addNode(NodeProto.newBuilder().setOpType(operation).addAllInput(Arrays.asList(inputs)).addOutput(output)
                .addAllAttribute(Arrays.asList(attributes)));
        last = output;
        return this;
    }

    /** Goes on from another value. */
    OnnxBuilder from(String name) {
        last = name;
        return this;
    }

    /** The value that was made last. */
    String last() {
        return last;
    }

    public static String[] of(String... names) {
        return names;
    }

    static AttributeProto attribute(String name, long value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.INT).setI(value).build();
    }

    public static AttributeProto attribute(String name, float value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.FLOAT).setF(value).build();
    }

    static AttributeProto attribute(String name, String value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.STRING)
                .setS(ByteString.copyFromUtf8(value)).build();
    }

    static AttributeProto attribute(String name, TensorProto value) {
        return AttributeProto.newBuilder().setName(name).setType(AttributeType.TENSOR).setT(value).build();
    }

    static AttributeProto list(String name, long... values) {
        AttributeProto.Builder list = AttributeProto.newBuilder().setName(name).setType(AttributeType.INTS);
        Arrays.stream(values).forEach(list::addInts);
        return list.build();
    }

    /** A model of one product, whose 2 x 3 weights lie in another file. */
    public static byte[] external(String location, long offset, long length) {
        OnnxBuilder builder = new OnnxBuilder(13).input(1, 2);
        builder.graph.addInitializer(TensorProto.newBuilder().setName("w").setDataType(DataType.FLOAT.getNumber())
                .addDims(2).addDims(3)
                .setDataLocation(TensorProto.DataLocation.EXTERNAL).addExternalData(entry("location", location))
                .addExternalData(entry("offset", Long.toString(offset))).addExternalData(entry("length",
                Long.toString(length))));
        return builder.then("MatMul", of("w")).bytes();
    }

    private static StringStringEntryProto entry(String key, String value) {
        return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
    }

    /** The model, whose output is what was made last, of no known shape. */
    public byte[] bytes() {
        return bytes(ValueInfoProto.newBuilder().setName(last).setType(TypeProto.newBuilder().setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(type.getNumber()))).build());
    }

    byte[] bytes(ValueInfoProto... outputs) {
        GraphProto whole = graph.clone().addAllOutput(Arrays.asList(outputs)).build();
        return model.clone().setGraph(whole).build().toByteArray();
    }
}

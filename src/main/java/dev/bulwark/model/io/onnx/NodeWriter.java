package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import dev.bulwark.model.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Adds the nodes of one operation to a model, one behind the other, and the constants that they read. */
final class NodeWriter {

    private final GraphProto.Builder model;
    private final String name;
    private final String output;
    private final List<AttributeProto> attributes = new ArrayList<>();
    private int nodes;

    /** @param name what nodes and constants are called after */
    NodeWriter(GraphProto.Builder model, String name, String output) {
        this.model = model;
        this.name = name;
        this.output = output;
    }

    /** An attribute of the next node. */
    void integer(String attribute, long value) {
        attributes.add(AttributeProto.newBuilder().setName(attribute).setType(AttributeType.INT).setI(value).build());
    }

    void number(String attribute, float value) {
        attributes.add(AttributeProto.newBuilder().setName(attribute).setType(AttributeType.FLOAT).setF(value).build());
    }

    void integers(String attribute, long... values) {
        AttributeProto.Builder list = AttributeProto.newBuilder().setName(attribute).setType(AttributeType.INTS);
        Arrays.stream(values).forEach(list::addInts);
        attributes.add(list.build());
    }

    /** @return the constant's name */
    String floats(String what, Tensor tensor) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Float.BYTES,
                tensor.size())).order(ByteOrder.LITTLE_ENDIAN);
        for (int k = 0; k < tensor.size(); ++k) {
            bytes.putFloat(tensor.at(k));
        }
        return constant(what, DataType.FLOAT, bytes, tensor.shape().dimensions());
    }

    /** One number, without dimensions. */
    String float0(String what, float value) {
        return constant(what, DataType.FLOAT,
                ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).putFloat(value));
    }

    String integerVector(String what, int... values) {
        return integerVector(what, Arrays.stream(values).asLongStream().toArray());
    }

    String integerVector(String what, long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(Long.BYTES, values.length)).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(bytes::putLong);
        return constant(what, DataType.INT64, bytes, values.length);
    }

    private String constant(String what, DataType type, ByteBuffer bytes, int... dims) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name + "." + what).setDataType(type.getNumber())
                .setRawData(ByteString.copyFrom(bytes.flip()));
        Arrays.stream(dims).forEach(tensor::addDims);
        model.addInitializer(tensor);
        return tensor.getName();
    }

    /** A node with the attributes so far. @return the name of what it makes */
    String next(String operation, List<String> inputs) {
        return node(operation, inputs, name + "." + nodes);
    }

    /** The node that makes the operation's output. */
    Void last(String operation, List<String> inputs) {
        node(operation, inputs, output);
        return null;
    }

    private String node(String operation, List<String> inputs, String made) {
        model.addNode(NodeProto.newBuilder().setOpType(operation).setName(nodes == 0 ? name : name + "."
                + nodes).addAllInput(inputs)
                .addOutput(made).addAllAttribute(attributes));
        attributes.clear();
        ++nodes;
        return made;
    }
}

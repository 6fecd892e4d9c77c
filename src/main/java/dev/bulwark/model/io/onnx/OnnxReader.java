package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.bulwark.shapes.Shape;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads ONNX models of opsets {@value #OLDEST} to {@value #NEWEST} with one input and one output. */
public final class OnnxReader {

    private static final int OLDEST = 7;
    private static final int NEWEST = 21;

    private OnnxReader() {
    }

    /**
     * The network that {@code bytes} hold.
     *
     * @param external what gives the bytes that the model keeps in files beside it
     * @throws OnnxException if they are no ONNX model, or one that is not understood in every detail
     */
    public static OnnxModel read(byte[] bytes, ExternalData external) {
        ModelProto model = parsed(bytes);
        int opset = opset(model);
        GraphProto graph = model.getGraph();
        ModelInput input = ModelInput.of(graph);
        OnnxException first = null;
        for (ModelInput.Reading reading : input.readings()) {
            try {
                return read(model, opset, reading, external);
            } catch (OnnxException e) {
                first = first == null ? e : first;
            }
        }
        throw first;
    }

    private static ModelProto parsed(byte[] bytes) {
        try {
            CodedInputStream stream = CodedInputStream.newInstance(bytes);
            stream.enableAliasing(true);
            ModelProto model = ModelProto.parseFrom(stream);
            if (!model.hasGraph()) {
                throw OnnxException.of("not an ONNX model: it holds no graph");
            }
            return model;
        } catch (InvalidProtocolBufferException e) {
            throw OnnxException.of("not an ONNX model, or one that is cut off or damaged: %s",
                    e.getMessage().split("\\.", 2)[0]);
        } catch (IOException e) {
            throw new AssertionError("bytes at hand can be read", e);
        }
    }

    private static int opset(ModelProto model) {
        List<Long> versions = model.getOpsetImportList().stream().filter(opset -> isOnnx(opset.getDomain()))
                .map(OperatorSetIdProto::getVersion).toList();
        if (versions.size() != 1 || versions.get(0) < OLDEST || versions.get(0) > NEWEST) {
            throw OnnxException.of("the model is of %s, and opsets %d to %d are understood: export it with one of these",
                    versions.isEmpty() ? "no opset" : "opset " + versions.get(0), OLDEST, NEWEST);
        }
        return Math.toIntExact(versions.get(0));
    }

    static boolean isOnnx(String domain) {
        return domain.isEmpty() || domain.equals("ai.onnx");
    }

    private static OnnxModel read(ModelProto model, int opset, ModelInput.Reading reading, ExternalData external) {
        Notes notes = new Notes();
        TensorReader tensors = new TensorReader(external);
        int[] dims = reading.dims();
        Shape shape = Dims.shape(reading.batched() ? Arrays.copyOfRange(dims, 1, dims.length) : dims);
        Assembly assembly = new Assembly(shape);
        reading.precision().ifPresent(notes::half);
        Conversion conversion = new Conversion(model.getGraph(), opset, reading.batch(), assembly, notes, tensors);
        Activation output = conversion.output(reading.name(), Activation.of(0, dims));
        if (output.squashed()) {
            notes.logits();
        }
        int number = assembly.laidOut("output", output, Shape.of(output.size()));
        Map<String, String> metadata = new TreeMap<>();
        for (StringStringEntryProto entry : model.getMetadataPropsList()) {
            metadata.put(entry.getKey(), entry.getValue());
        }
        try {
            return new OnnxModel(Merging.of(assembly.finish(), number), tensors.weights(), metadata, notes.sentences(),
                    notes.logitsOnly(), notes.otherInFloat32());
        } catch (IllegalArgumentException e) {
            throw OnnxException.of("%s", e.getMessage());
        }
    }
}

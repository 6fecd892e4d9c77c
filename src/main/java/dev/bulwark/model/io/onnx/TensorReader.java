package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import dev.bulwark.model.Half;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntToLongFunction;

/** Reads a model's tensors: little-endian bytes, here or in a file beside, or fields of the type's own. */
final class TensorReader {

    private final ExternalData external;
    private final Set<String> weights = new TreeSet<>();

    TensorReader(ExternalData external) {
        this.external = external;
    }

    /** Types of the tensors that were read, but for those of integers. */
    List<String> weights() {
        return List.copyOf(weights);
    }

    /** What a type's numbers take in bytes, and as what they are kept. */
    private enum Kind {
        FLOAT, HALF, BRAIN, DOUBLE, INT8, UINT8, INT16, UINT16, INT32, INT64;

        static Optional<Kind> of(DataType type) {
            return Optional.ofNullable(switch (type) {
                case FLOAT -> FLOAT;
                case FLOAT16 -> HALF;
                case BFLOAT16 -> BRAIN;
                case DOUBLE -> DOUBLE;
                case BOOL, UINT8 -> UINT8;
                case INT8 -> INT8;
                case INT16 -> INT16;
                case UINT16 -> UINT16;
                case INT32 -> INT32;
                case INT64 -> INT64;
                default -> null;
            });
        }

        int bytes() {
            return switch (this) {
                case INT8, UINT8 -> 1;
                case HALF, BRAIN, INT16, UINT16 -> 2;
                case FLOAT, INT32 -> 4;
                case DOUBLE, INT64 -> 8;
            };
        }
    }

    /** @throws OnnxException naming the tensor */
    Constant read(TensorProto tensor, String name) {
        String shown = OnnxException.name(name);
        DataType type = Optional.ofNullable(DataType.forNumber(tensor.getDataType())).orElse(DataType.UNDEFINED);
        Kind kind = Kind.of(type).orElseThrow(() -> OnnxException.of(
                "tensor %s holds %s, of which no networks are read: export the model with float weights", shown, type));
        if (tensor.hasSegment()) {
            throw OnnxException.of("tensor %s is cut into segments: save the model in one piece", shown);
        }
        if (kind == Kind.FLOAT || kind == Kind.HALF || kind == Kind.BRAIN || kind == Kind.DOUBLE) {
            weights.add(type.name());
        }
        int[] dims = dims(tensor, shown);
        int size = Dims.size(dims);
        if (tensor.getDataLocation() == DataLocation.EXTERNAL) {
            return ofBytes(kind, name, dims, external(tensor, shown, (long) size * kind.bytes()));
        }
        if (tensor.hasRawData()) {
            ByteString raw = tensor.getRawData();
            if (raw.size() != (long) size * kind.bytes()) {
                throw OnnxException.of("tensor %s holds %d bytes, %s of shape %s needs %d: the file is damaged", shown,
                        raw.size(), type, Arrays.toString(dims), (long) size * kind.bytes());
            }
            return ofBytes(kind, name, dims, raw.asReadOnlyByteBuffer());
        }
        return ofFields(kind, tensor, name, dims);
    }

    private static int[] dims(TensorProto tensor, String shown) {
        long[] dims = tensor.getDimsList().stream().mapToLong(Long::longValue).toArray();
        try {
            return Dims.of(dims);
        } catch (OnnxException e) {
            throw OnnxException.of("tensor %s: %s", shown, e.getMessage());
        }
    }

    private ByteBuffer external(TensorProto tensor, String shown, long needed) {
        TreeMap<String, String> entries = new TreeMap<>();
        for (StringStringEntryProto entry : tensor.getExternalDataList()) {
            entries.put(entry.getKey(), entry.getValue());
        }
        long offset = number(entries.getOrDefault("offset", "0"), "offset", shown);
        long length = number(entries.getOrDefault("length", Long.toString(needed)), "length", shown);
        if (length != needed) {
            throw OnnxException.of("tensor %s has %d bytes in a file beside, and needs %d: the model is damaged", shown,
                    length,
                    needed);
        }
        return external.read(entries.getOrDefault("location", ""), offset, length);
    }

    private static long number(String text, String what, String shown) {
        if (!text.matches("[0-9]{1,18}")) {
            throw OnnxException.of("tensor %s has the %s \"%s\" in a file beside, no number", shown, what,
                    OnnxException.name(text));
        }
        return Long.parseLong(text);
    }

    private static Constant ofBytes(Kind kind, String name, int[] dims, ByteBuffer bytes) {
        ByteBuffer data = bytes.order(ByteOrder.LITTLE_ENDIAN);
        int size = Dims.size(dims);
        return switch (kind) {
            case FLOAT -> {
                float[] floats = new float[size];
                data.asFloatBuffer().get(floats);
                yield Constant.of(name, dims, floats);
            }
            case HALF -> floats(name, dims, size, k -> Half.toFloat(data.getShort(2 * k)));
            case BRAIN -> floats(name, dims, size, k -> Float.intBitsToFloat(data.getShort(2 * k) << 16));
            case DOUBLE -> {
                double[] doubles = new double[size];
                Arrays.setAll(doubles, k -> data.getDouble(8 * k));
                yield Constant.of(name, dims, doubles);
            }
            case INT8 -> integers(name, dims, size, data::get);
            case UINT8 -> integers(name, dims, size, k -> data.get(k) & 0xFF);
            case INT16 -> integers(name, dims, size, k -> data.getShort(2 * k));
            case UINT16 -> integers(name, dims, size, k -> data.getShort(2 * k) & 0xFFFF);
            case INT32 -> integers(name, dims, size, k -> data.getInt(4 * k));
            case INT64 -> integers(name, dims, size, k -> data.getLong(8 * k));
        };
    }

    private static Constant ofFields(Kind kind, TensorProto tensor, String name, int[] dims) {
        int size = Dims.size(dims);
        int count = switch (kind) {
            case FLOAT -> tensor.getFloatDataCount();
            case DOUBLE -> tensor.getDoubleDataCount();
            case INT64 -> tensor.getInt64DataCount();
            default -> tensor.getInt32DataCount();
        };
        if (count != size) {
            throw OnnxException.of("tensor %s holds %d numbers, its shape %s needs %d: the file is damaged",
                    OnnxException.name(name), count, Arrays.toString(dims), size);
        }
        return switch (kind) {
            case FLOAT -> floats(name, dims, size, tensor::getFloatData);
            case HALF -> floats(name, dims, size, k -> Half.toFloat((short) tensor.getInt32Data(k)));
            case BRAIN -> floats(name, dims, size, k -> Float.intBitsToFloat(tensor.getInt32Data(k) << 16));
            case DOUBLE -> {
                double[] doubles = new double[size];
                Arrays.setAll(doubles, tensor::getDoubleData);
                yield Constant.of(name, dims, doubles);
            }
            case INT64 -> integers(name, dims, size, tensor::getInt64Data);
            default -> integers(name, dims, size, tensor::getInt32Data);
        };
    }

    private static Constant floats(String name, int[] dims, int size, IntToDoubleFunction at) {
        float[] floats = new float[size];
        for (int k = 0; k < size; ++k) {
            floats[k] = (float) at.applyAsDouble(k); // of a float: exact
        }
        return Constant.of(name, dims, floats);
    }

    private static Constant integers(String name, int[] dims, int size, IntToLongFunction at) {
        long[] integers = new long[size];
        Arrays.setAll(integers, at);
        return Constant.of(name, dims, integers);
    }
}

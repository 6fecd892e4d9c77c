package dev.bulwark.audit;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.bulwark.files.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Networks from safetensors files: eight bytes of header length (little-endian), a JSON header, the tensors' numbers.
 * {@code layers.<i>.weight} is {@code [out,in]} of a dense layer and {@code [out, in / groups, height, width]} of a
 * convolution, of which {@code __metadata__} has {@code layers.<i>.convolution}, as {@code stride=3 padding=0}, and {@code
 * input_shape}.
 */
public final class NetworkFile {

    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    private static final long MOST_HEADER = 100_000_000;

    private final Path file;
    private final JsonNode header;
    private final ByteBuffer data;

    private NetworkFile(Path file, JsonNode header, ByteBuffer data) {
        this.file = file;
        this.header = header;
        this.data = data;
    }

    /** @throws AuditException if it holds no such network */
    public static Network read(Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        MessageDigest digest = Sha256.start();
        digest.update(content);
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        long length = content.length < Long.BYTES ? 0 : bytes.getLong();
        if (length <= 0 || length > Math.min(MOST_HEADER, content.length - Long.BYTES)) {
            throw new AuditException(file
                    + ": certificates are checked against safetensors files, and this is none: bring the "
                    + "network into that form first (bulwark convert), and verify it there");
        }
        JsonNode header;
        try {
            header = JSON.readTree(new String(content, Long.BYTES, (int) length, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new AuditException(file + ": its header is not JSON");
        }
        ByteBuffer data = bytes.position(Long.BYTES + (int) length).slice().order(ByteOrder.LITTLE_ENDIAN);
        return new NetworkFile(file, header, data).network(Sha256.finish(digest));
    }

    private AuditException unusable(String format, Object... values) {
        return new AuditException(file + ": " + String.format(format, values));
    }

    private Network network(String sha256) {
        List<Layer> layers = new ArrayList<>();
        int[] shape = inputShape();
        int tensors = 0;
        for (int k = 0; header.has("layers." + k + ".weight"); ++k) {
            String name = "layers." + k + ".";
            int[] form = shapeOf(name + "weight");
            boolean biased = header.has(name + "bias");
            double[] weight = numbers(name + "weight", size(form));
            double[] bias = biased ? numbers(name + "bias", form[0]) : new double[form[0]];
            tensors += biased ? 2 : 1;
            if (form.length == 4) {
                Convolution convolution = convolution(name, form, shape);
                layers.add(convolution.layer(weight, bias));
                shape = convolution.output();
            } else {
                int in = k == 0 && shape.length == 0 ? form[1] : size(shape);
                if (form.length != 2 || form[1] != in) {
                    throw unusable("%sweight does not fit the %d values that it takes", name, in);
                }
                layers.add(Layer.dense(in, weight, bias));
                shape = new int[] {form[0]};
            }
        }
        if (layers.isEmpty() || tensors + (header.has("__metadata__") ? 1 : 0) != header.size()) {
            throw unusable("certificates are checked for files of tensors layers.<i>.weight and layers.<i>.bias alone: bring the "
                    + "network into that form first (bulwark convert), and verify it there");
        }
        int[] input = inputShape().length == 0 ? new int[] {layers.get(0).in()} : inputShape();
        return new Network(Arrays.stream(input).boxed().toList(), layers, sha256);
    }

    private int[] inputShape() {
        String text = header.path("__metadata__").path("input_shape").asText("");
        return text.isEmpty() ? new int[0] : integers("input_shape", text);
    }

    private int[] integers(String what, String text) {
        String[] parts = text.split(",");
        int[] numbers = new int[parts.length];
        for (int k = 0; k < parts.length; ++k) {
            if (!parts[k].matches("[0-9]{1,7}")) {
                throw unusable("%s is \"%s\"", what, text);
            }
            numbers[k] = Integer.parseInt(parts[k]);
        }
        return numbers;
    }

    private int size(int[] shape) {
        long size = 1;
        for (int each : shape) {
            size *= each;
            if (each < 1 || size > Integer.MAX_VALUE / 2) {
                throw unusable("a tensor's size is none: %s", Arrays.toString(shape));
            }
        }
        return (int) size;
    }

    private int[] shapeOf(String name) {
        JsonNode shape = header.path(name).path("shape");
        int[] sizes = new int[shape.size()];
        for (int k = 0; k < sizes.length; ++k) {
            sizes[k] = shape.get(k).isInt() ? shape.get(k).intValue() : -1;
        }
        if (sizes.length != 1 && sizes.length != 2 && sizes.length != 4) {
            throw unusable("%s has no shape of a dense layer or a convolution", name);
        }
        size(sizes);
        return sizes;
    }

    private double[] numbers(String name, int count) {
        JsonNode tensor = header.path(name);
        String type = tensor.path("dtype").asText("");
        int bytes = switch (type) {
            case "F64" -> 8;
            case "F32" -> 4;
            case "F16", "BF16" -> 2;
            default -> throw unusable("%s is of type %s", name, type);
        };
        long from = tensor.path("data_offsets").path(0).asLong(-1);
        long to = tensor.path("data_offsets").path(1).asLong(-1);
        if (size(shapeOf(name)) != count || from < 0 || to > data.capacity() || to - from != (long) count * bytes) {
            throw unusable("%s takes other bytes than its shape says", name);
        }
        double[] numbers = new double[count];
        for (int k = 0; k < count; ++k) {
            int at = (int) from + k * bytes;
            numbers[k] = switch (type) {
                case "F64" -> (float) data.getDouble(at); // claims speak of the nearest floats
                case "F32" -> data.getFloat(at);
                case "F16" -> half(data.getShort(at));
                default -> Float.intBitsToFloat(data.getShort(at) << 16);
            };
            if (!Double.isFinite(numbers[k])) {
                throw unusable("%s holds %s", name, numbers[k]);
            }
        }
        return numbers;
    }

    /** IEEE 754 binary16. */
    private static double half(short bits) {
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        double size = exponent == 0 ? fraction * 0x1p-24
                : exponent == 0x1F ? Double.NaN : (1024 + fraction) * Math.scalb(1.0, exponent - 25);
        return bits < 0 ? -size : size;
    }

    private Convolution convolution(String name, int[] form, int[] shape) {
        String text = header.path("__metadata__").path(name + "convolution").asText("");
        int[] stride = {};
        int[] padding = {};
        int[] dilation = {1};
        int groups = 1;
        for (String word : text.trim().split(" +")) {
            String[] pair = word.split("=", 2);
            int[] values = pair.length == 2 ? integers(name + "convolution", pair[1]) : new int[0];
            switch (pair[0]) {
                case "stride" -> stride = values;
                case "padding" -> padding = values;
                case "dilation" -> dilation = values;
                case "groups" -> groups = values.length == 1 ? values[0] : 0;
                default -> throw unusable("%sconvolution is \"%s\"", name, text);
            }
        }
        try {
            return Convolution.of(shape, form, stride, padding, dilation, groups);
        } catch (IllegalArgumentException e) {
            throw unusable("%sconvolution: %s", name, e.getMessage());
        }
    }
}

package dev.bulwark.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import dev.bulwark.device.Affine;
import dev.bulwark.device.ReceptiveFields;
import dev.bulwark.device.ReceptiveFields.Range;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A layer's product with weights packed once for oneDNN, shared by all lanes; sums are float. Where receptive fields are
 * narrow, it is one product for each band of outputs, over the inputs on which these depend.
 *
 * <p>What it allocates belongs to the pointer scope that is open.
 */
final class PackedProduct {

    /** Outputs of a band, forwards and backwards: enough to fill a matrix unit, few enough to read a part of the inputs. */
    private static final int FORWARD_BAND = 128;
    private static final int BACKWARD_BAND = 64;
    /** Several products instead of one must leave out as much to pay for themselves. */
    private static final double WORTHWHILE = 0.6;

    private final engine cpu;
    private final memory.desc target;
    private final List<Part> parts = new ArrayList<>();

    /** Some outputs, and inputs that hold all on which these depend. */
    record Band(Range outputs, Range inputs) {
    }

    /** The product of one band. */
    private record Part(Band band, matmul.primitive_desc description, memory weight, memory bias) {
    }

    /** The types of a product's factors and of its result. */
    record Types(memory.data_type factors, memory.data_type result) {
    }

    private PackedProduct(engine cpu, memory.desc target) {
        this.cpu = cpu;
        this.target = target;
    }

    /**
     * {@code y = x W^T + b}, then {@code max(y, 0)} where {@code relu}; x {@code [rows,in]}, y {@code [rows,out]}. This ReLU
     * turns NaN into 0.
     */
    static PackedProduct forward(engine cpu, Affine layer, int rows, Types types, boolean relu) {
        float[] weight = Rows.load(layer.weight(), 0, layer.out(), layer.in());
        float[] bias = Rows.load(layer.bias(), 0, layer.out(), 1);
        List<Band> bands = bands(layer.fields(), FORWARD_BAND);
        return of(cpu, weight, bias, layer.out(), layer.in(), bands, rows, types, relu);
    }

    /** {@code y = x W^T + b} with every product taken: infinity times a weight of 0 is NaN. */
    static PackedProduct forwardWithZeros(engine cpu, Affine layer, int rows, Types types) {
        float[] weight = Rows.load(layer.weight(), 0, layer.out(), layer.in());
        float[] bias = Rows.load(layer.bias(), 0, layer.out(), 1);
        return of(cpu, weight, bias, layer.out(), layer.in(), whole(layer.out(), layer.in()), rows, types, false);
    }

    /** {@code y = x W^T} in float, with every product taken, as {@link #forwardWithZeros}. */
    static PackedProduct withoutBias(engine cpu, float[] weight, int out, int in, int rows) {
        return of(cpu, weight, new float[0], out, in, whole(out, in), rows,
                new Types(memory.data_type.f32, memory.data_type.f32), false);
    }

    /** {@code y = g W}; g {@code [rows,out]}, y {@code [rows,in]}. */
    static PackedProduct backward(engine cpu, Affine layer, int rows, Types types) {
        float[] weight = Rows.load(layer.weight(), 0, layer.out(), layer.in());
        float[] transposed = new float[weight.length];
        for (int k = 0; k < weight.length; ++k) {
            transposed[k % layer.in() * layer.out() + k / layer.in()] = weight[k];
        }
        List<Band> bands = bands(layer.fields().transposed(), BACKWARD_BAND);
        return of(cpu, transposed, new float[0], layer.in(), layer.out(), bands, rows, types, false);
    }

    /**
     * One for each {@code height} outputs, the last perhaps lower; or all as one band where that saves too little, or where
     * one would have no inputs.
     */
    static List<Band> bands(ReceptiveFields fields, int height) {
        int out = fields.inputs().size();
        int in = fields.outputs().size();
        List<Band> bands = new ArrayList<>();
        for (int first = 0; first < out; first += height) {
            Range outputs = new Range(first, Math.min(first + height, out));
            bands.add(new Band(outputs, fields.of(outputs)));
        }
        long work = bands.stream().mapToLong(band -> (long) band.outputs.size() * band.inputs.size()).sum();
        boolean empty = bands.stream().anyMatch(band -> band.inputs.size() == 0);
        return !empty && work < WORTHWHILE * out * in ? bands : whole(out, in);
    }

    private static List<Band> whole(int out, int in) {
        return List.of(new Band(new Range(0, out), new Range(0, in)));
    }

    private static PackedProduct of(engine cpu, float[] weight, float[] bias, int out, int in, List<Band> bands, int rows,
                                    Types types, boolean relu) {
        PackedProduct product = new PackedProduct(cpu, matrix(rows, out, types.result));
        stream packing = new stream(cpu);
        for (Band band : bands) {
            memory.desc source = columns(rows, band.inputs.size(), in, types.factors);
            memory.desc factor = new memory.desc(new long[] {band.inputs.size(), band.outputs.size()}, types.factors,
                    memory.format_tag.any);
            memory.desc offsets = matrix(1, band.outputs.size(), memory.data_type.f32);
            memory.desc result = columns(rows, band.outputs.size(), out, types.result);
            matmul.primitive_desc description = bias.length > 0
                    ? new matmul.primitive_desc(cpu, source, factor, offsets, result, Kernel.attributes(relu), false)
                    : new matmul.primitive_desc(cpu, source, factor, result, Kernel.attributes(relu), false);
            memory shift = new memory(offsets, cpu);
            if (bias.length > 0) {
                floats(shift).put(bias, band.outputs.first(), band.outputs.size());
            }
            memory packed = pack(cpu, weight, in, band, description.weights_desc(), packing);
            product.parts.add(new Part(band, description, packed, shift));
        }
        return product;
    }

    /** The band's weights, {@code [outputs,inputs]} row-major, which is {@code [inputs,outputs]} with the order turned round. */
    private static memory pack(engine cpu, float[] weight, int in, Band band, memory.desc as, stream packing) {
        memory plain = new memory(new memory.desc(new long[] {band.inputs.size(), band.outputs.size()}, memory.data_type.f32,
                memory.format_tag.ba), cpu);
        FloatPointer target = floats(plain);
        for (int output = 0; output < band.outputs.size(); ++output) {
            target.position((long) output * band.inputs.size())
                    .put(weight, (band.outputs.first() + output) * in + band.inputs.first(), band.inputs.size());
        }
        memory packed = new memory(as, cpu);
        new reorder(plain, packed).execute(packing, plain, packed);
        packing._wait();
        return packed;
    }

    /** A row-major matrix. */
    static memory.desc matrix(int rows, int columns, memory.data_type type) {
        return new memory.desc(new long[] {rows, columns}, type, memory.format_tag.ab);
    }

    /** Some columns of a row-major matrix that has {@code width}. */
    private static memory.desc columns(int rows, int columns, int width, memory.data_type type) {
        return new memory.desc(new long[] {rows, columns}, type, new long[] {width, 1}, false);
    }

    private static FloatPointer floats(memory of) {
        return new FloatPointer(of.get_data_handle());
    }

    /** A product's primitive with its arguments. */
    interface Run {
        void add(matmul primitive, IntMemoryMap arguments);
    }

    /** Memory for the result; with {@code source}, hands its primitives to {@code run}. */
    memory appendTo(Run run, memory source) {
        memory result = new memory(target, cpu);
        for (Part part : parts) {
            IntMemoryMap arguments = new IntMemoryMap();
            arguments.put(DNNL_ARG_SRC, from(source, part.band.inputs.first(), part.description.src_desc()));
            arguments.put(DNNL_ARG_WEIGHTS, part.weight);
            arguments.put(DNNL_ARG_BIAS, part.bias);
            arguments.put(DNNL_ARG_DST, from(result, part.band.outputs.first(), part.description.dst_desc()));
            arguments.put(DNNL_ARG_SCRATCHPAD, new memory(part.description.scratchpad_desc(), cpu));
            run.add(new matmul(part.description), arguments);
        }
        return result;
    }

    /** The columns of {@code whole} that begin with number {@code column}. */
    private memory from(memory whole, int column, memory.desc columns) {
        return new memory(columns, cpu, DnnMemory.element(whole, column));
    }
}

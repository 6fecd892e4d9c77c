package dev.bulwark.model.io.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes any graph as an ONNX model of opset {@value #OPSET}, float, of one input {@code input} {@code [batch, ...]} and one
 * output {@code logits} {@code [batch, classes]}. The same graph and metadata give the same bytes.
 */
public final class OnnxWriter {

    private static final int OPSET = 13;

    /** The first whose average pooling may be dilated. */
    private static final int OPSET_OF_DILATED_AVERAGES = 19;

    private static final int IR_VERSION = 8;

    private static final String INPUT = "input";
    private static final String OUTPUT = "logits";

    private final Graph graph;
    private final GraphProto.Builder model = GraphProto.newBuilder().setName("bulwark");
    private final Set<String> notes = new LinkedHashSet<>();
    private int opset = OPSET;

    private OnnxWriter(Graph graph) {
        this.graph = graph;
    }

    /**
     * A model.
     *
     * @param notes in what it differs from the graph, a sentence each; empty if in nothing
     */
    public record Written(byte[] bytes, List<String> notes) {
    }

    /**
     * @param metadata become the model's {@code metadata_props}
     * @throws OnnxException if the model would have more bytes than the format allows
     */
    public static Written write(Graph graph, Map<String, String> metadata) {
        long weights = Float.BYTES * graph.parameters();
        if (weights > Integer.MAX_VALUE - (1 << 20)) {
            throw OnnxException.of("a network of %d parameters is larger than the 2 GB that an ONNX file can hold",
                    graph.parameters());
        }
        return new OnnxWriter(graph).model(metadata);
    }

    private Written model(Map<String, String> metadata) {
        model.addInput(info(INPUT, graph.input()));
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Graph.Node node = graph.nodes().get(k);
            List<String> inputs = node.inputs().stream().map(OnnxWriter::value).toList();
            String output = k + 1 == graph.nodes().size() ? OUTPUT : value(k + 1);
            node.op().accept(new Nodes(k, new NodeWriter(model, "n" + k + "." + node.op().getClass().getSimpleName(),
                    output), inputs));
        }
        model.addOutput(info(OUTPUT, graph.output()));
        ModelProto.Builder whole = ModelProto.newBuilder().setIrVersion(IR_VERSION).setProducerName("bulwark")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset)).setGraph(model);
        new TreeMap<>(metadata).forEach((key, text) -> whole.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(key).setValue(text)));
        return new Written(whole.build().toByteArray(), List.copyOf(notes));
    }

    private static String value(int number) {
        return number == 0 ? INPUT : "v" + number;
    }

    private static ValueInfoProto info(String name, Shape shape) {
        TensorShapeProto.Builder dims = TensorShapeProto.newBuilder().addDim(Dimension.newBuilder().setDimParam("batch"));
        Arrays.stream(shape.dimensions()).forEach(d -> dims.addDim(Dimension.newBuilder().setDimValue(d)));
        return ValueInfoProto.newBuilder().setName(name).setType(TypeProto.newBuilder().setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(DataType.FLOAT.getNumber()).setShape(dims))).build();
    }

    /** The ONNX nodes of one operation. */
    private final class Nodes implements Op.Visitor<Void> {

        private final int number;
        private final NodeWriter out;
        private final List<String> inputs;

        Nodes(int number, NodeWriter out, List<String> inputs) {
            this.number = number;
            this.out = out;
            this.inputs = inputs;
        }

        private String x() {
            return inputs.get(0);
        }

        private Shape shape() {
            return graph.shape(graph.nodes().get(number).inputs().get(0));
        }

        private Void plain(String operation) {
            return out.last(operation, inputs);
        }

        @Override
        public Void dense(Op.Dense op) {
            out.integer("transB", 1);
            return out.last("Gemm", List.of(x(), out.floats("weight", op.weight()), out.floats("bias", op.bias())));
        }

        private void windows(Windows windows) {
            Windows.Axis height = windows.height();
            Windows.Axis width = windows.width();
            out.integers("kernel_shape", height.kernel(), width.kernel());
            out.integers("strides", height.stride(), width.stride());
            out.integers("pads", height.before(), width.before(), seen(height, 1), seen(width, 2));
            if (height.dilation() > 1 || width.dilation() > 1) {
                out.integers("dilations", height.dilation(), width.dilation());
            }
        }

        /** The padding behind an edge that windows reach: runtimes refuse more than a window of it. */
        private int seen(Windows.Axis axis, int dimension) {
            int edge = shape().dimension(dimension);
            int last = (axis.count(edge) - 1) * axis.stride() + (axis.kernel() - 1) * axis.dilation() + 1;
            return Math.max(0, last - edge - axis.before());
        }

        @Override
        public Void conv2d(Op.Conv2d op) {
            windows(op.windows());
            out.integer("group", op.groups());
            return out.last("Conv", List.of(x(), out.floats("weight", op.weight()), out.floats("bias", op.bias())));
        }

        @Override
        public Void averagePool2d(Op.AveragePool2d op) {
            if (op.windows().height().dilation() > 1 || op.windows().width().dilation() > 1) {
                opset = OPSET_OF_DILATED_AVERAGES;
            }
            windows(op.windows());
            out.integer("count_include_pad", op.countPadding() ? 1 : 0);
            return plain("AveragePool");
        }

        @Override
        public Void maxPool2d(Op.MaxPool2d op) {
            windows(op.windows());
            return plain("MaxPool");
        }

        @Override
        public Void batchNorm(Op.BatchNorm op) {
            if ((float) op.epsilon() != op.epsilon()) {
                notes.add("the epsilon of a batch normalisation, " + op.epsilon() + ", was rounded to the nearest float");
            }
            out.number("epsilon", (float) op.epsilon());
            return out.last("BatchNormalization", List.of(x(), out.floats("gamma", op.gamma()),
                    out.floats("beta", op.beta()),
                    out.floats("mean", op.mean()), out.floats("variance", op.variance())));
        }

        /** As few of a factor, a divisor and an offset as there are. */
        @Override
        public Void scale(Op.Scale op) {
            List<String[]> steps = new ArrayList<>();
            addUnless(1, op.factor(), "Mul", "factor", steps);
            addUnless(1, op.divisor(), "Div", "divisor", steps);
            addUnless(0, op.offset(), "Add", "offset", steps);
            String read = x();
            for (int k = 0; k + 1 < steps.size(); ++k) {
                read = out.next(steps.get(k)[0], List.of(read, steps.get(k)[1]));
            }
            return steps.isEmpty() ? plain("Identity")
                    : out.last(steps.get(steps.size() - 1)[0], List.of(read, steps.get(steps.size() - 1)[1]));
        }

        private void addUnless(float nothing, Tensor numbers, String operation, String name, List<String[]> steps) {
            boolean needed = false;
            for (int c = 0; c < numbers.size(); ++c) {
                needed |= numbers.at(c) != nothing;
            }
            if (needed) {
                int[] dims = new int[shape().rank()];
                Arrays.fill(dims, 1);
                dims[0] = numbers.size();
                steps.add(new String[] {operation, out.floats(name, numbers.reshaped(Shape.of(dims)))});
            }
        }

        @Override
        public Void add(Op.Add op) {
            return plain("Add");
        }

        @Override
        public Void relu(Op.Relu op) {
            return plain("Relu");
        }

        @Override
        public Void leakyRelu(Op.LeakyRelu op) {
            out.number("alpha", op.slope());
            return plain("LeakyRelu");
        }

        @Override
        public Void clip(Op.Clip op) {
            List<String> read = new ArrayList<>(inputs);
            read.add(Float.isInfinite(op.low()) ? "" : out.float0("low", op.low()));
            if (!Float.isInfinite(op.high())) {
                read.add(out.float0("high", op.high()));
            }
            return out.last("Clip", read);
        }

        @Override
        public Void sigmoid(Op.Sigmoid op) {
            return plain("Sigmoid");
        }

        @Override
        public Void tanh(Op.Tanh op) {
            return plain("Tanh");
        }

        @Override
        public Void concat(Op.Concat op) {
            out.integer("axis", 1);
            return plain("Concat");
        }

        /** Gathered out of all elements in a row, behind which stands a 0 if one is asked for. */
        @Override
        public Void rearrange(Op.Rearrange op) {
            int elements = shape().size();
            int[] source = op.source();
            String row = shape().rank() == 1 ? x() : out.next("Flatten", inputs);
            if (Arrays.stream(source).anyMatch(k -> k == Op.Rearrange.ZERO)) {
                row = out.next("Pad", List.of(row, out.integerVector("pads", 0, 0, 0, 1)));
            }
            String indices = out.integerVector("source",
                    Arrays.stream(source).mapToLong(k -> k == Op.Rearrange.ZERO ? elements : k).toArray());
            out.integer("axis", 1);
            if (op.shape().rank() == 1) {
                return out.last("Gather", List.of(row, indices));
            }
            String gathered = out.next("Gather", List.of(row, indices));
            return out.last("Reshape", List.of(gathered, dims(op.shape())));
        }

        /** The batch stays what it is. */
        private String dims(Shape shape) {
            return out.integerVector("shape", Dims.concat(new int[] {0}, shape.dimensions()));
        }

        @Override
        public Void reshape(Op.Reshape op) {
            return out.last("Reshape", List.of(x(), dims(op.shape())));
        }

        @Override
        public Void flatten(Op.Flatten op) {
            return plain("Flatten");
        }
    }
}

package dev.bulwark.model.io.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.bulwark.model.DoubleGraph;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Half;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;

/** What ONNX Runtime makes of a model: the judge. */
public final class OnnxRuntime implements AutoCloseable {

    private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
            "test");

    private final OrtSession session;
    private final String input;
    private final TensorInfo info;

    private OnnxRuntime(OrtSession session) throws OrtException {
        this.session = session;
        Map.Entry<String, NodeInfo> only = session.getInputInfo().entrySet().iterator().next();
        this.input = only.getKey();
        this.info = (TensorInfo) only.getValue().getInfo();
    }

    public static OnnxRuntime of(byte[] model) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(1);
            return new OnnxRuntime(ENVIRONMENT.createSession(model, options));
        }
    }

    /**
     * Outputs at one input, or at several where the batch is open. A model for a batch of several gets it several times, and
     * must say the same of each.
     */
    public double[] outputs(float... x) throws OrtException {
        long[] dims = info.getShape();
        if (dims[0] < 1) {
            dims[0] = 1;
            dims[0] = x.length / Arrays.stream(dims).reduce(1, (a, b) -> a * b);
        }
        int batch = (int) Arrays.stream(dims).reduce(1, (a, b) -> a * b) / x.length;
        float[] all = new float[batch * x.length];
        Arrays.setAll(new int[batch], k -> {
            System.arraycopy(x, 0, all, k * x.length, x.length);
            return k;
        });
        double[] rows = run(dims, all);
        int row = rows.length / batch;
        for (int k = row; k < rows.length; ++k) {
            Assertions.assertEquals(rows[k % row], rows[k], 1e-5 * largest(rows));
        }
        return Arrays.copyOf(rows, row);
    }

    private double[] run(long[] dims, float[] x) throws OrtException {
        try (OnnxTensor tensor = tensor(dims, x); OrtSession.Result result = session.run(Map.of(input, tensor))) {
            OnnxTensor made = (OnnxTensor) result.get(0);
            if (made.getInfo().type == OnnxJavaType.DOUBLE) {
                double[] outputs = new double[made.getDoubleBuffer().remaining()];
                made.getDoubleBuffer().get(outputs);
                return outputs;
            }
            FloatBuffer floats = made.getFloatBuffer();
            double[] outputs = new double[floats.remaining()];
            Arrays.setAll(outputs, floats::get);
            return outputs;
        }
    }

    private OnnxTensor tensor(long[] dims, float[] x) throws OrtException {
        if (info.type == OnnxJavaType.DOUBLE) {
            DoubleBuffer doubles = DoubleBuffer.allocate(x.length);
            for (float value : x) {
                doubles.put(value);
            }
            return OnnxTensor.createTensor(ENVIRONMENT, doubles.flip(), dims);
        }
        if (info.type == OnnxJavaType.FLOAT16) {
            ByteBuffer halves = ByteBuffer.allocateDirect(2 * x.length).order(ByteOrder.nativeOrder());
            for (float value : x) {
                halves.putShort(Half.fromFloat(value));
            }
            return OnnxTensor.createTensor(ENVIRONMENT, halves.flip(), dims, OnnxJavaType.FLOAT16);
        }
        return OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(x), dims);
    }

    /**
     * Complains unless the graph gives the model's outputs at random inputs, up to {@code tolerance} times the largest of
     * them or what float rounding may do to the largest value on the way, of which some networks subtract nearly all.
     */
    public void assertSame(Graph graph, double tolerance) throws OrtException {
        SplittableRandom random = new SplittableRandom(graph.input().size());
        for (int k = 0; k < 3; ++k) {
            float[] x = new float[graph.input().size()];
            for (int i = 0; i < x.length; ++i) {
                x[i] = Half.toFloat(Half.fromFloat((float) random.nextDouble(k == 0 ? 0 : -1, 1)));
            }
            double[] expected = outputs(x);
            List<double[]> values = DoubleGraph.values(graph, x);
            double largest = values.stream().mapToDouble(OnnxRuntime::largest).max().orElseThrow();
            Assertions.assertArrayEquals(expected, values.get(values.size() - 1),
                    Math.max(tolerance * largest(expected), 1e-6 * largest));
        }
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElse(0);
    }

    @Override
    public void close() throws OrtException {
        session.close();
    }
}

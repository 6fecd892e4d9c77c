package dev.bulwark.model.io.onnx;

import dev.bulwark.model.Op;
import dev.bulwark.model.Tensor;
import dev.bulwark.shapes.Shape;
import dev.bulwark.shapes.Windows;
import java.util.Arrays;
import java.util.Map;

/** Matrix products, convolutions and batch normalisation, with constant weights. */
final class LinearRules {

    static final Map<String, Rule> RULES = Map.of(
            "Gemm", Rule.of(LinearRules::gemm),
            "MatMul", Rule.of(LinearRules::matMul),
            "Conv", Rule.of(LinearRules::convolution),
            "BatchNormalization", Rule.of(LinearRules::batchNorm));

    private LinearRules() {
    }

    /** {@code alpha A B + beta C}, of which A or B may be turned over. */
    private static Value gemm(Call call) {
        float alpha = call.number("alpha", 1);
        float beta = call.number("beta", 1);
        if (alpha != 1 || beta != 1) {
            call.notes().factors();
        }
        boolean turnA = isTurned(call, 0, "transA");
        boolean turnB = isTurned(call, 1, "transB");
        requireOneConstant(call);
        Activation product;
        if (call.isConstant(1)) {
            Constant weight = call.constant(1);
            product = Products.turned(call, value(call, 0, turnA), turnB ? weight : weight.turned(), alpha);
        } else {
            Constant weight = call.constant(0);
            product = Products.left(call, turnA ? weight.turned() : weight, value(call, 1, turnB), alpha);
        }
        if (call.optional(2).isEmpty() || beta == 0) {
            return product;
        }
        if (!(call.input(2) instanceof Constant bias)) {
            if (beta != 1) {
                throw call.refused("its C depends on the network's input, and beta is %s, not 1", beta);
            }
            return Affine.sum(call, product, call.activation(2), false);
        }
        double[] scaled = new double[bias.size()];
        boolean exact = true;
        for (int k = 0; k < scaled.length; ++k) {
            scaled[k] = beta * bias.at(k);
            exact &= (float) scaled[k] == scaled[k];
        }
        Constant offset = beta == 1 ? bias : exact ? Constant.of(bias.name(), bias.dims(), scaled)
                : Constant.computed(bias.name(), bias.dims(), scaled);
        return Affine.plus(call, product, offset, 1);
    }

    private static boolean isTurned(Call call, int input, String attribute) {
        if (call.input(input).rank() != 2) {
            throw call.refused("its factors must be matrices, not of shape %s", Arrays.toString(call.input(input).dims()));
        }
        return call.integer(attribute, 0) != 0;
    }

    private static Activation value(Call call, int input, boolean turned) {
        Activation x = call.activation(input);
        call.requireBatchApart(!turned);
        return turned ? x.ordered(Order.transposed(x.dims(), new int[] {1, 0})) : x;
    }

    private static void requireOneConstant(Call call) {
        if (call.isConstant(0) == call.isConstant(1)) {
            throw call.refused(call.isConstant(0) ? "its factors are both constants, which is not computed here"
                    : "its factors both depend on the network's input, and one must be a constant");
        }
    }

    private static Value matMul(Call call) {
        requireOneConstant(call);
        return call.isConstant(1) ? Products.right(call, call.activation(0), call.constant(1))
                : Products.left(call, call.constant(0), call.activation(1), 1);
    }

    private static Value convolution(Call call) {
        Activation x = call.activation(0);
        Constant weight = call.constant(1);
        int spatial = weight.rank() - 2;
        if (spatial < 1 || spatial > 2 || x.rank() != weight.rank() || x.dims()[0] != 1) {
            throw call.refused("a weight of shape %s on a value of shape %s is no convolution along one or two dimensions "
                    + "of an image", Arrays.toString(weight.dims()), Arrays.toString(x.dims()));
        }
        int groups = Math.toIntExact(call.integer("group", 1));
        int[] kernel = Arrays.copyOfRange(weight.dims(), 2, weight.rank());
        Windows windows = WindowAttributes.of(call, x, kernel, false);
        int channels = weight.dims()[0];
        int[] four = {channels, weight.dims()[1], windows.height().kernel(), windows.width().kernel()};
        Tensor bias = call.optionalConstant(2).map(b -> call.tensor(b, channels)).orElseGet(() -> Tensor.zeros(channels));
        int image = call.laidOut(x, WindowAttributes.image(call, x));
        int value = call.add(new Op.Conv2d(call.tensor(weight, four), bias, windows, groups), image);
        return WindowAttributes.result(x, value, call.shape(value));
    }

    private static Value batchNorm(Call call) {
        Activation x = call.activation(0);
        call.ignore("momentum");
        // Before opset 14 it is the further outputs, the batch's statistics, that say it normalises by these.
        if (call.integer("training_mode", 0) != 0 || call.hasFurtherOutputs() || call.integer("spatial", 1) != 1) {
            throw call.refused("only normalisation by fixed statistics, channel by channel, is understood: export the model "
                    + "in evaluation mode");
        }
        if (x.rank() < 2 || x.dims()[0] != 1) {
            throw call.refused("a value of shape %s has no batch and channels", Arrays.toString(x.dims()));
        }
        int channels = x.dims()[1];
        Op.BatchNorm op = new Op.BatchNorm(call.tensor(call.constant(1), channels), call.tensor(call.constant(2), channels),
                call.tensor(call.constant(3), channels), call.tensor(call.constant(4), channels),
                call.number("epsilon", 1e-5f));
        boolean fits = x.source().isEmpty() && call.shape(x.value()).dimension(0) == channels;
        int value = fits ? x.value() : call.laidOut(x, Shape.of(Arrays.copyOfRange(x.dims(), 1, x.rank())));
        return Activation.of(call.add(op, value), x.dims());
    }
}

package dev.bulwark.device.cpu;

import dev.bulwark.device.Affine;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;

/**
 * Dense layers with a ReLU between each two, their weights packed for products both ways round. What it allocates belongs to
 * the pointer scope that is open.
 */
final class PackedPerceptron {

    private final memory.data_type type;
    private final List<Stage> stages = new ArrayList<>();

    /** A layer's products. */
    private record Stage(PackedProduct forward, PackedProduct backward) {
    }

    /** @param type of images, weights, activations and gradients; sums, logits and the images' gradients are float */
    PackedPerceptron(engine cpu, List<Affine> layers, int rows, memory.data_type type) {
        this.type = type;
        for (int i = 0; i < layers.size(); ++i) {
            boolean last = i == layers.size() - 1;
            stages.add(new Stage(PackedProduct.forward(cpu, layers.get(i), rows, types(last), !last),
                    PackedProduct.backward(cpu, layers.get(i), rows, types(i == 0))));
        }
    }

    /** @param outermost whether the result leaves the network, as float */
    private PackedProduct.Types types(boolean outermost) {
        return new PackedProduct.Types(type, outermost ? memory.data_type.f32 : type);
    }

    PackedPasses passes() {
        return new Passes();
    }

    private final class Passes implements PackedPasses {
        /** What entered each layer. */
        private final List<memory> entered = new ArrayList<>();

        @Override
        public memory forward(Primitives run, memory images) {
            memory values = inType(run, images);
            for (Stage stage : stages) {
                entered.add(values);
                values = stage.forward.appendTo(run::add, values);
            }
            return values;
        }

        @Override
        public memory backward(Primitives run, memory logitGradients) {
            memory gradient = inType(run, logitGradients);
            for (int i = stages.size() - 1; i >= 0; --i) {
                gradient = stages.get(i).backward.appendTo(run::add, gradient);
                if (i > 0) {
                    run.mask(entered.get(i), gradient);
                }
            }
            return gradient;
        }

        private memory inType(Primitives run, memory matrix) {
            return run.convert(matrix, new memory.desc(matrix.get_desc().get_dims(), type, memory.format_tag.ab));
        }
    }
}

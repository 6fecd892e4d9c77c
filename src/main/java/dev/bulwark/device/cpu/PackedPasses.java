package dev.bulwark.device.cpu;

import org.bytedeco.dnnl.memory;

/** One worker's way forward and back through a packed network: what it adds to a sequence runs later, again and again. */
interface PackedPasses {

    /** Logits {@code [rows,C]}, row-major float, of images {@code [rows,D]}, row-major float or of the network's type. */
    memory forward(Primitives run, memory images);

    /** Gradients {@code [rows,D]} of images from those of logits, all row-major float; behind {@link #forward}. */
    memory backward(Primitives run, memory logitGradients);
}

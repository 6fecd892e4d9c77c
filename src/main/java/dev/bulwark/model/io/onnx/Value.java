package dev.bulwark.model.io.onnx;

/** What a name of the model stands for while it is read. */
sealed interface Value permits Constant, Activation {

    /** Dimensions, the batch's among them: it counts 1. */
    int[] dims();

    default int size() {
        return Dims.size(dims());
    }

    default int rank() {
        return dims().length;
    }

    /** The same elements in their order, with other dimensions of as many. */
    Value reshaped(int[] dims);

    /** @param order whose places without an element hold 0 */
    Value ordered(Order order);
}

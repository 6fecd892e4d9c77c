package dev.bulwark.device.cuda;

import dev.bulwark.device.Affine;
import dev.bulwark.device.DeviceBuffer;

/** From partial sums to a product's result: the second passes of products.cu. */
final class ProductFinish {

    private final Kernel multiply;
    private final Kernel affine;

    ProductFinish(KernelModule module) {
        multiply = module.kernel("finish_multiply");
        affine = module.kernel("finish_affine");
    }

    /** {@code c = sum over the parts + beta c}; sums {@code [parts,length]}. */
    void multiply(DeviceBuffer sums, int parts, float beta, DeviceBuffer c, long length) {
        multiply.launch(Grid.over(length), sums, parts, beta, c, length);
    }

    /** {@code y = sum over the parts + b}, relu; sums {@code [parts,rows,out]}, with one part they may be y. */
    void affine(DeviceBuffer sums, int parts, Affine layer, boolean relu, DeviceBuffer y, int rows) {
        long length = (long) rows * layer.out();
        affine.launch(Grid.over(length), sums, parts, layer.bias(), layer.out(), relu ? 1 : 0, y, length);
    }
}

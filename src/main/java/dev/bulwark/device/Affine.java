package dev.bulwark.device;

/**
 * An affine map {@code y = W x + b} whose parameters lie on a device.
 *
 * @param weight W {@code [out,in]}, row-major
 * @param bias   b {@code [out]}
 */
public record Affine(DeviceBuffer weight, DeviceBuffer bias, int in, int out) {

    public Affine {
        weight.require("weight", (long) in * out);
        bias.require("bias", out);
    }
}

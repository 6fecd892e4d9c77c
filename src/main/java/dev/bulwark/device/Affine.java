package dev.bulwark.device;

/**
 * An affine map {@code y = W x + b} whose parameters lie on a device.
 *
 * @param weight W {@code [out,in]}, row-major
 * @param bias   b {@code [out]}
 * @param fields outside which W holds only zeros
 */
public record Affine(DeviceBuffer weight, DeviceBuffer bias, int in, int out, ReceptiveFields fields) {

    public Affine {
        weight.require("weight", (long) in * out);
        bias.require("bias", out);
        if (fields.inputs().size() != out || fields.outputs().size() != in) {
            throw new IllegalArgumentException("receptive fields of " + fields.inputs().size() + " outputs in "
                    + fields.outputs().size() + " inputs, for a map of " + in + " inputs and " + out + " outputs");
        }
    }

    /** A dense layer: every output depends on every input. */
    public Affine(DeviceBuffer weight, DeviceBuffer bias, int in, int out) {
        this(weight, bias, in, out, ReceptiveFields.full(in, out));
    }
}

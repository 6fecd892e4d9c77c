package dev.bulwark.device;

/** Operations in which each element of the result depends on the same element of the operands. */
public interface Elementwise {

    /** {@code x = max(x, 0)}, in place, on {@code length} elements; NaN stays NaN, or an unknown bound would become 0. */
    void relu(DeviceBuffer x, long length);

    /** {@code y = max(x, 0)} on {@code length} elements, as {@link #relu(DeviceBuffer, long)} does it in place. */
    void relu(DeviceBuffer x, long length, DeviceBuffer y);

    /** {@code gradient = 0} where {@code y <= 0}, in place; y is the ReLU's input or output. */
    void reluGradient(DeviceBuffer y, long length, DeviceBuffer gradient);

    /** {@code target = |x|}. */
    void absolute(DeviceBuffer x, long length, DeviceBuffer target);

    /** {@code target = x + y}, which may be one of them. */
    void add(DeviceBuffer x, DeviceBuffer y, long length, DeviceBuffer target);

    /** {@code target += sign(signs) x}, with sign(0) = 0. */
    void addSigned(DeviceBuffer x, DeviceBuffer signs, long length, DeviceBuffer target);

    /** {@code x = max(low, min(high, x))}, in place; NaN stays NaN. */
    void clamp(DeviceBuffer x, long length, float low, float high);

    /** {@code x = clamp(x + step sign(gradient), lower, upper)}, in place; the sign of NaN is 0. */
    void signedStep(DeviceBuffer x, DeviceBuffer gradient, long length, float step, DeviceBuffer lower, DeviceBuffer upper);
}

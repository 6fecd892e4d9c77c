package dev.bulwark.device;

/** Counter-based random numbers: {@link Philox}, on every backend bit for bit. */
public interface Noise {

    /**
     * {@code target[n,:] = x[n,:] + sigma z(images[n], samples[n])}, fused: one rounding of the sum.
     *
     * @param images  {@code int [rows]}
     * @param samples {@code int [rows]}
     */
    void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int rows, int columns, float sigma,
                  NoiseKey key, DeviceBuffer target);

    /** {@code target[s,:] = x + sigma z(image, firstSample + s)} for {@code rows} samples of one image {@code [columns]}. */
    void noisyCopies(DeviceBuffer x, int image, int firstSample, int rows, int columns, float sigma, NoiseKey key,
                     DeviceBuffer target);

    /** {@code target[n,e] = lower[n,e] + u (upper[n,e] - lower[n,e])}, kept inside the box, u uniform in [0, 1). */
    void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples,
                      int rows, int columns, NoiseKey key, DeviceBuffer target);
}

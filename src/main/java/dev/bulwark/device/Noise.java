package dev.bulwark.device;

/** Counter-based random numbers: {@link Philox}, on every backend bit for bit. */
public interface Noise {

    /**
     * {@code target[n,:] =} the sample of x[n,:] that (images[n], samples[n]) names: {@code x + sigma z} with one rounding of
     * the sum, or what {@link RoundedGaussian#sample} makes of it. Discrete noise is for images of bytes.
     *
     * @param images  {@code int [rows]}
     * @param samples {@code int [rows]}
     */
    void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int rows, int columns, SmoothingNoise noise,
                  NoiseKey key, DeviceBuffer target);

    /** The same with Gaussian noise. */
    default void addNoise(DeviceBuffer x, DeviceBuffer images, DeviceBuffer samples, int rows, int columns, float sigma,
                          NoiseKey key, DeviceBuffer target) {
        addNoise(x, images, samples, rows, columns, new SmoothingNoise.Gaussian(sigma), key, target);
    }

    /** {@code target[s,:] =} sample (image, firstSample + s) of x, for {@code rows} samples of one image {@code [columns]}. */
    void noisyCopies(DeviceBuffer x, int image, int firstSample, int rows, int columns, SmoothingNoise noise, NoiseKey key,
                     DeviceBuffer target);

    /** The same with Gaussian noise. */
    default void noisyCopies(DeviceBuffer x, int image, int firstSample, int rows, int columns, float sigma, NoiseKey key,
                             DeviceBuffer target) {
        noisyCopies(x, image, firstSample, rows, columns, new SmoothingNoise.Gaussian(sigma), key, target);
    }

    /** {@code target[n,e] = lower[n,e] + u (upper[n,e] - lower[n,e])}, kept inside the box, u uniform in [0, 1). */
    void uniformInBox(DeviceBuffer lower, DeviceBuffer upper, DeviceBuffer images, DeviceBuffer samples,
                      int rows, int columns, NoiseKey key, DeviceBuffer target);
}

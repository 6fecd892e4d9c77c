package dev.bulwark.device;

/** Receptive fields as weights have them: for layers that tests make of weights. */
public final class NonZeros {

    private NonZeros() {
    }

    /** Those of {@code weight}, {@code [out,in]}: an output depends on an input where the weight is not 0. */
    public static ReceptiveFields of(float[] weight, int in, int out) {
        ReceptiveFields.Builder fields = new ReceptiveFields.Builder(in, out);
        for (int k = 0; k < in * out; ++k) {
            if (weight[k] != 0) {
                fields.connect(k / in, k % in);
            }
        }
        return fields.build();
    }
}

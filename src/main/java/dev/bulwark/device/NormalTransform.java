package dev.bulwark.device;

/**
 * Box-Muller's two halves from 32-bit words, in float operations that are correctly rounded everywhere.
 *
 * <p>Polynomials are minimax fits made for this purpose: the logarithm as {@code f + f^2 L(f)} on [-1/3, 1/3) with relative
 * error 3e-8, sine and cosine of a quarter turn's half as odd and even polynomials with error under 5e-9. Backends that
 * vectorise take the coefficients from here.
 */
public final class NormalTransform {

    /** {@code u = fma(word >>> 1, UNIFORM_SCALE, UNIFORM_OFFSET)} lies in [2^-32, 1]. */
    public static final float UNIFORM_SCALE = 0x1p-31f;
    public static final float UNIFORM_OFFSET = 0x1p-32f;

    /** Bits of 2/3: subtracting them splits u into 2^e (1 + f) with f in [-1/3, 1/3). */
    public static final int TWO_THIRDS = 0x3F2AAAAB;
    public static final int FRACTION = 0x7FFFFF;
    public static final float LN2 = 0x1.62e430p-1f;

    /** L(f), highest power first. */
    public static final float L7 = 0x1.26625p-3f;
    public static final float L6 = -0x1.3ad556p-3f;
    public static final float L5 = 0x1.1d199cp-3f;
    public static final float L4 = -0x1.5044b4p-3f;
    public static final float L3 = 0x1.99edcep-3f;
    public static final float L2 = -0x1.0013ecp-2f;
    public static final float L1 = 0x1.5554bcp-2f;
    public static final float L0 = -0x1.ffffd8p-2f;

    /** sin(pi/2 t) = t S(t^2), highest power first. */
    public static final float S3 = -0x1.2d9bb8p-8f;
    public static final float S2 = 0x1.465ec6p-4f;
    public static final float S1 = -0x1.4abbbap-1f;
    public static final float S0 = 0x1.921fb6p+0f;

    /** cos(pi/2 t) = C(t^2), highest power first. */
    public static final float C4 = 0x1.d9f7bcp-11f;
    public static final float C3 = -0x1.55c664p-6f;
    public static final float C2 = 0x1.03c1dep-2f;
    public static final float C1 = -0x1.3bd3ccp+0f;
    public static final float C0 = 1f;

    /** No normal number is larger in magnitude: {@code sqrt(-2 ln 2^-32)} is 6.66. */
    public static final float LARGEST = 6.67f;

    private NormalTransform() {
    }

    /** {@code sqrt(-2 ln u)}. */
    public static float radius(int word) {
        float u = Math.fma((float) (word >>> 1), UNIFORM_SCALE, UNIFORM_OFFSET);
        int bits = Float.floatToRawIntBits(u) - TWO_THIRDS;
        float exponent = (float) (bits >> 23);
        float f = Float.intBitsToFloat((bits & FRACTION) + TWO_THIRDS) - 1f;
        float p = Math.fma(L7, f, L6);
        p = Math.fma(p, f, L5);
        p = Math.fma(p, f, L4);
        p = Math.fma(p, f, L3);
        p = Math.fma(p, f, L2);
        p = Math.fma(p, f, L1);
        p = Math.fma(p, f, L0);
        p = Math.fma(p * f, f, f);
        float log = Math.fma(exponent, LN2, p);
        return (float) Math.sqrt(log * -2f);
    }

    /** Cosine of {@code word / 2^32} turns. */
    public static float cosine(int word) {
        int quarter = quarter(word);
        float value = (quarter & 1) == 0 ? halfCosine(word) : halfSine(word);
        return Float.intBitsToFloat(Float.floatToRawIntBits(value) ^ (((quarter + 1) & 2) << 30));
    }

    /** Sine of {@code word / 2^32} turns. */
    public static float sine(int word) {
        int quarter = quarter(word);
        float value = (quarter & 1) == 0 ? halfSine(word) : halfCosine(word);
        return Float.intBitsToFloat(Float.floatToRawIntBits(value) ^ ((quarter & 2) << 30));
    }

    /** The quarter turn nearest to the angle, 0 to 3. */
    private static int quarter(int word) {
        return (word + 0x20000000) >>> 30;
    }

    /** The signed rest of the angle in quarter turns, in [-1/2, 1/2]. */
    private static float rest(int word) {
        return (float) (word - (quarter(word) << 30)) * 0x1p-30f;
    }

    private static float halfSine(int word) {
        float t = rest(word);
        float y = t * t;
        float p = Math.fma(S3, y, S2);
        p = Math.fma(p, y, S1);
        p = Math.fma(p, y, S0);
        return p * t;
    }

    private static float halfCosine(int word) {
        float t = rest(word);
        float y = t * t;
        float p = Math.fma(C4, y, C3);
        p = Math.fma(p, y, C2);
        p = Math.fma(p, y, C1);
        return Math.fma(p, y, C0);
    }
}

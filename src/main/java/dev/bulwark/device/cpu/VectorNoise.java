package dev.bulwark.device.cpu;

import static dev.bulwark.device.NormalTransform.C0;
import static dev.bulwark.device.NormalTransform.C1;
import static dev.bulwark.device.NormalTransform.C2;
import static dev.bulwark.device.NormalTransform.C3;
import static dev.bulwark.device.NormalTransform.C4;
import static dev.bulwark.device.NormalTransform.FRACTION;
import static dev.bulwark.device.NormalTransform.L0;
import static dev.bulwark.device.NormalTransform.L1;
import static dev.bulwark.device.NormalTransform.L2;
import static dev.bulwark.device.NormalTransform.L3;
import static dev.bulwark.device.NormalTransform.L4;
import static dev.bulwark.device.NormalTransform.L5;
import static dev.bulwark.device.NormalTransform.L6;
import static dev.bulwark.device.NormalTransform.L7;
import static dev.bulwark.device.NormalTransform.LN2;
import static dev.bulwark.device.NormalTransform.S0;
import static dev.bulwark.device.NormalTransform.S1;
import static dev.bulwark.device.NormalTransform.S2;
import static dev.bulwark.device.NormalTransform.S3;
import static dev.bulwark.device.NormalTransform.TWO_THIRDS;
import static dev.bulwark.device.NormalTransform.UNIFORM_OFFSET;
import static dev.bulwark.device.NormalTransform.UNIFORM_SCALE;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.SQRT;
import static jdk.incubator.vector.VectorOperators.XOR;

import dev.bulwark.device.NoiseKey;
import dev.bulwark.device.Philox;
import dev.bulwark.device.RoundedGaussian;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Philox and the normal transform in explicit vectors of up to sixteen lanes.
 *
 * <p>Three passes over cached arrays, called through an interface with three receivers so that the JIT compiles each on
 * its own: together they overflow its inlining and every vector is allocated (measured: 1.5 ns a normal against 5 to 8).
 */
final class VectorNoise implements NoiseRows {

    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED.length() > Philox.LANES
            ? IntVector.SPECIES_512 : IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> FLOATS = VectorSpecies.of(float.class, INTS.vectorShape());
    private static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class,
            VectorShape.forBitSize(INTS.vectorBitSize() / 2));
    private static final int STEP = INTS.length();
    private static final long LOW = 0xFFFFFFFFL;
    private static final int REST = (1 << RoundedGaussian.REST_BITS) - 1;
    private static final int MOST_BYTE = 255;
    private static final Pass[] PASSES = {VectorNoise::philox, VectorNoise::radii, VectorNoise::rotate};

    /** @throws UnsupportedOperationException where vectors have fewer than four lanes */
    VectorNoise() {
        if (STEP < 4) {
            throw new UnsupportedOperationException("vectors of " + STEP + " lanes bring nothing");
        }
    }

    @Override
    public String name() {
        return STEP + " lanes";
    }

    @Override
    public void words(NoiseKey key, int image, int sample, int columns, int[] words) {
        PASSES[0].run(new Row(key, image, sample, columns, words, null));
    }

    @Override
    public void normals(NoiseKey key, int image, int sample, int columns, int[] words, float[] target) {
        Row row = new Row(key, image, sample, columns, words, target);
        for (Pass pass : PASSES) {
            pass.run(row);
        }
    }

    /** One row's coordinates and arrays. */
    private record Row(NoiseKey key, int image, int sample, int columns, int[] words, float[] target) {

        /** Counters of whole groups. */
        int blocks() {
            return (columns + Philox.GROUP - 1) / Philox.GROUP * Philox.LANES;
        }

        /** Pairs of normals, whole vectors of them. */
        int pairs() {
            return (columns + 2 * Philox.LANES - 1) / (2 * Philox.LANES) * Philox.LANES;
        }
    }

    private interface Pass {
        void run(Row row);
    }

    private static void philox(Row row) {
        IntVector lane = IntVector.zero(INTS).addIndex(1);
        int[] words = row.words;
        int blocks = row.blocks();
        for (int block = 0; block < blocks; block += STEP) {
            IntVector c0 = lane.add(block);
            IntVector c1 = IntVector.broadcast(INTS, row.sample);
            IntVector c2 = IntVector.broadcast(INTS, row.image);
            IntVector c3 = IntVector.broadcast(INTS, row.key.stream().ordinal());
            int k0 = row.key.keyLow();
            int k1 = row.key.keyHigh();
            for (int round = 0; round < Philox.ROUNDS; ++round) {
                IntVector high0 = highProduct(c0, Philox.MULTIPLIER_0 & LOW);
                IntVector high1 = highProduct(c2, Philox.MULTIPLIER_1 & LOW);
                IntVector low0 = c0.mul(Philox.MULTIPLIER_0);
                IntVector low1 = c2.mul(Philox.MULTIPLIER_1);
                c0 = high1.lanewise(XOR, c1).lanewise(XOR, k0);
                c2 = high0.lanewise(XOR, c3).lanewise(XOR, k1);
                c1 = low1;
                c3 = low0;
                k0 += Philox.WEYL_0;
                k1 += Philox.WEYL_1;
            }
            int e = block / Philox.LANES * Philox.GROUP + block % Philox.LANES;
            c0.intoArray(words, e);
            c1.intoArray(words, e + Philox.LANES);
            c2.intoArray(words, e + 2 * Philox.LANES);
            c3.intoArray(words, e + 3 * Philox.LANES);
        }
    }

    /** The upper 32 bits of the unsigned product, lane by lane: odd and even lanes as 64-bit products. */
    private static IntVector highProduct(IntVector x, long multiplier) {
        LongVector pairs = x.reinterpretAsLongs();
        LongVector even = pairs.and(LOW).mul(multiplier);
        LongVector odd = pairs.lanewise(LSHR, 32).mul(multiplier);
        return even.lanewise(LSHR, 32).or(odd.and(LOW << 32)).reinterpretAsInts();
    }

    /** First element of pair {@code i}; the second lies {@code Philox.LANES} further. */
    private static int first(int i) {
        return (i / Philox.LANES) * (2 * Philox.LANES) + i % Philox.LANES;
    }

    /** Writes each pair's radius where its first number will be. */
    private static void radii(Row row) {
        int[] words = row.words;
        float[] target = row.target;
        int pairs = row.pairs();
        for (int i = 0; i < pairs; i += STEP) {
            int e = first(i);
            IntVector word = IntVector.fromArray(INTS, words, e);
            FloatVector u = ((FloatVector) word.lanewise(LSHR, 1).convert(I2F, 0))
                    .lanewise(FMA, UNIFORM_SCALE, UNIFORM_OFFSET);
            IntVector bits = u.reinterpretAsInts().sub(TWO_THIRDS);
            FloatVector exponent = (FloatVector) bits.lanewise(ASHR, 23).convert(I2F, 0);
            FloatVector f = bits.and(FRACTION).add(TWO_THIRDS).reinterpretAsFloats().sub(1f);
            FloatVector p = f.lanewise(FMA, L7, L6);
            p = horner(p, f, L5);
            p = horner(p, f, L4);
            p = horner(p, f, L3);
            p = horner(p, f, L2);
            p = horner(p, f, L1);
            p = horner(p, f, L0);
            p = p.mul(f).lanewise(FMA, f, f);
            FloatVector log = exponent.lanewise(FMA, FloatVector.broadcast(FLOATS, LN2), p);
            log.mul(-2f).lanewise(SQRT).intoArray(target, e);
        }
    }

    /** Turns each pair's radius by its angle into two normals. */
    private static void rotate(Row row) {
        int[] words = row.words;
        float[] target = row.target;
        int pairs = row.pairs();
        for (int i = 0; i < pairs; i += STEP) {
            int e = first(i);
            FloatVector radius = FloatVector.fromArray(FLOATS, target, e);
            IntVector angle = IntVector.fromArray(INTS, words, e + Philox.LANES);
            IntVector quarter = angle.add(0x20000000).lanewise(LSHR, 30);
            FloatVector t = ((FloatVector) angle.sub(quarter.lanewise(LSHL, 30)).convert(I2F, 0)).mul(0x1p-30f);
            FloatVector y = t.mul(t);
            FloatVector s = y.lanewise(FMA, S3, S2);
            s = horner(s, y, S1);
            s = horner(s, y, S0).mul(t);
            FloatVector c = y.lanewise(FMA, C4, C3);
            c = horner(c, y, C2);
            c = horner(c, y, C1);
            c = horner(c, y, C0);
            IntVector sine = s.reinterpretAsInts();
            IntVector cosine = c.reinterpretAsInts();
            IntVector swap = sine.lanewise(XOR, cosine).and(quarter.and(1).neg());
            IntVector first = cosine.lanewise(XOR, swap).lanewise(XOR, quarter.add(1).and(2).lanewise(LSHL, 30));
            IntVector second = sine.lanewise(XOR, swap).lanewise(XOR, quarter.and(2).lanewise(LSHL, 30));
            radius.mul(first.reinterpretAsFloats()).intoArray(target, e);
            radius.mul(second.reinterpretAsFloats()).intoArray(target, e + Philox.LANES);
        }
    }

    @Override
    public boolean discreteSample(RoundedGaussian law, float[] x, NoiseKey key, int image, int sample, int columns,
                                  int[] words, float[] target) {
        Row row = new Row(key, image, sample, columns, words, target);
        PASSES[0].run(row);
        lookUp(words, Philox.paddedLength(columns), law.cells());
        return addCells(row, law, x);
    }

    /** Writes each word's cell {@code length} further. One after the other: faster than the vectors' gather instruction. */
    private static void lookUp(int[] words, int length, int[] cells) {
        for (int e = 0; e < length; ++e) {
            words[length + e] = cells[words[e] >>> RoundedGaussian.REST_BITS];
        }
    }

    /** Whether all noise is decided. */
    private static boolean addCells(Row row, RoundedGaussian law, float[] x) {
        int[] words = row.words;
        float[] target = row.target;
        int length = Philox.paddedLength(row.columns);
        int whole = row.columns / STEP * STEP;
        IntVector least = IntVector.broadcast(INTS, -law.clip());
        IntVector most = IntVector.broadcast(INTS, MOST_BYTE + law.clip());
        FloatVector scale = FloatVector.broadcast(FLOATS, MOST_BYTE);
        boolean decided = true;
        for (int e = 0; e < whole; e += STEP) {
            IntVector cell = IntVector.fromArray(INTS, words, length + e);
            IntVector rest = IntVector.fromArray(INTS, words, e).and(REST);
            IntVector turn = cell.and(REST);
            // The difference's sign is -1 where the rest is larger: one more.
            IntVector noise = cell.lanewise(ASHR, RoundedGaussian.REST_BITS).sub(turn.sub(rest).lanewise(ASHR, 31));
            // Next to 2^23 a float's last bit stands for 1: the sum's low bits are the byte.
            IntVector pixel = FloatVector.fromArray(FLOATS, x, e).mul(scale).add(0x1p23f).reinterpretAsInts().and(MOST_BYTE);
            FloatVector sum = (FloatVector) pixel.add(noise).max(least).min(most).convert(I2F, 0);
            sum.div(scale).intoArray(target, e);
            if (turn.eq(rest).or(cell.eq(RoundedGaussian.SEARCH)).anyTrue()) {
                decided &= searchOpen(row, law, x, e);
            }
        }
        for (int e = whole; e < row.columns; ++e) {
            decided &= search(row, law, x, e);
        }
        return decided;
    }

    /** The search for those of a vector's elements that their cells leave open. Whether all their noise is decided. */
    private static boolean searchOpen(Row row, RoundedGaussian law, float[] x, int first) {
        int[] words = row.words;
        int length = Philox.paddedLength(row.columns);
        boolean decided = true;
        for (int e = first; e < first + STEP; ++e) {
            int cell = words[length + e];
            if (cell == RoundedGaussian.SEARCH || ((cell ^ words[e]) & REST) == 0) {
                decided &= search(row, law, x, e);
            }
        }
        return decided;
    }

    private static boolean search(Row row, RoundedGaussian law, float[] x, int e) {
        int noise = law.search(row.words[e], row.key, row.image, row.sample, e);
        row.target[e] = law.sample(x[e], noise);
        return noise != RoundedGaussian.UNDECIDED;
    }

    private static FloatVector horner(FloatVector p, FloatVector x, float coefficient) {
        return p.lanewise(FMA, x, FloatVector.broadcast(FLOATS, coefficient));
    }

    @Override
    public void scaledSum(float[] x, float[] z, float sigma, int columns, short[] target) {
        FloatVector scale = FloatVector.broadcast(FLOATS, sigma);
        int e = 0;
        for (; e + STEP <= columns; e += STEP) {
            IntVector bits = scale.lanewise(FMA, FloatVector.fromArray(FLOATS, z, e), FloatVector.fromArray(FLOATS, x, e))
                    .reinterpretAsInts();
            IntVector rounded = bits.add(bits.lanewise(LSHR, 16).and(1)).add(0x7FFF).lanewise(LSHR, 16);
            ((ShortVector) rounded.convertShape(I2S, SHORTS, 0)).intoArray(target, e);
        }
        for (; e < columns; ++e) {
            target[e] = ScalarNoise.bfloat16(Math.fma(sigma, z[e], x[e]));
        }
    }
}

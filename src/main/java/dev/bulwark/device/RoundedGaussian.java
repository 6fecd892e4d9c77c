package dev.bulwark.device;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Integer noise distributed exactly as {@code round(255 N(0, sigma^2))}, for images whose pixels are bytes (Voracek and Hein
 * 2023), and the sample of an image that it makes. The bits of {@link Philox} are all that is taken for random.
 *
 * <p><b>A sample.</b> {@code clip(b + K, -C, 255 + C) / 255} for a pixel {@code b / 255}, with {@code C = ceil(6 sigma 255)};
 * the quotient is the nearest float. Clipping and rounding are part of the base classifier.
 *
 * <p><b>The law.</b> K is the number of the thresholds {@code T_k = Phi((k + 1/2) / (255 sigma))} below a uniform U, counted
 * from the lowest k: so {@code P(K <= k) = T_k}, which is the probability that a normal number rounds to k or less. Only
 * {@code -(C + 255) <= k < C + 255} are held: beyond them every pixel is clipped. sigma is the decimal that its double
 * prints as, not the double.
 *
 * <p><b>Exactly.</b> U is an endless row of bits. Its first 32 are the element's Philox word. They decide wherever they
 * differ from the first 32 of every threshold. Where they don't, 128 more are drawn, from the block with counter
 * (element, sample, image, stream + 2^31), which nothing else draws, and compared with the thresholds' next 128, which are
 * proven digits ({@link NormalTail}). Where those are equal too, which has a probability of less than
 * {@code 2 (C + 255) 2^-160} an element, the noise is {@link #UNDECIDED}: the sample votes for no class. That takes votes from
 * a class and gives none, so that a lower bound of its probability stays one.
 *
 * <p><b>Tables.</b> A cell for each value of a word's top {@value #CELL_BITS} bits says what the noise is and at which rest of
 * the word it is one more; a cell that holds more than one threshold sends to a search among the first words of all of them.
 */
public final class RoundedGaussian {

    /** In the place of noise that 160 bits don't decide. */
    public static final int UNDECIDED = Integer.MIN_VALUE;

    /** Top bits of a word that choose a cell. */
    public static final int CELL_BITS = 14;
    /** Bits of a word that are left. */
    public static final int REST_BITS = Integer.SIZE - CELL_BITS;
    /** Cell that leaves its words to the search. No other cell's noise is so low. */
    public static final int SEARCH = Integer.MIN_VALUE;
    /** Words of a threshold behind its first. */
    public static final int MORE_WORDS = 4;
    /** Added to the stream in the counter of further bits. */
    public static final int MORE_BITS = 0x80000000;
    /** Standard deviations beyond 0 and 255 at which samples are clipped. */
    private static final int CLIP = 6;
    private static final int MOST_BYTE = 255;
    private static final int THRESHOLD_BITS = Integer.SIZE * (1 + MORE_WORDS);
    private static final long UNSIGNED = 0xFFFFFFFFL;
    /** Tables take a second to make at the largest noise level. */
    public static final double LARGEST_SIGMA = 16;
    private static final Map<BigDecimal, RoundedGaussian> MADE = new ConcurrentHashMap<>();

    private final int clip;
    private final int reach;
    private final int[] first;
    private final int[] more;
    private final int[] cells;

    /**
     * @param clip  C
     * @param first first words of the thresholds, ascending as unsigned numbers, {@code 2 (C + 255)}
     * @param more  the next {@link #MORE_WORDS} words of each
     */
    RoundedGaussian(int clip, int[] first, int[] more) {
        this.clip = clip;
        this.reach = clip + MOST_BYTE;
        this.first = first;
        this.more = more;
        this.cells = new int[1 << CELL_BITS];
        for (int c = 0; c < cells.length; ++c) {
            cells[c] = cell(c);
        }
    }

    /**
     * The law of a noise level.
     *
     * @param sigma standard deviation in input units, where a byte is 1/255; the decimal that it prints as is meant
     * @throws IllegalArgumentException unless it is positive and at most 16
     */
    public static RoundedGaussian of(double sigma) {
        if (!(sigma > 0 && sigma <= LARGEST_SIGMA)) {
            throw new IllegalArgumentException("discrete noise needs a sigma above 0, of 16 at most: " + sigma);
        }
        return MADE.computeIfAbsent(BigDecimal.valueOf(sigma), RoundedGaussian::make);
    }

    private static RoundedGaussian make(BigDecimal sigma) {
        int clip = sigma.multiply(BigDecimal.valueOf(CLIP * MOST_BYTE)).setScale(0, RoundingMode.CEILING).intValueExact();
        int reach = clip + MOST_BYTE;
        int[] first = new int[2 * reach];
        int[] more = new int[MORE_WORDS * first.length];
        BigInteger last = BigInteger.ONE.shiftLeft(THRESHOLD_BITS).subtract(BigInteger.ONE);
        for (int k = 0; k < reach; ++k) {
            BigInteger tail = new NormalTail(sigma, k).floor(THRESHOLD_BITS);
            store(tail, reach - 1 - k, first, more);
            // Phi(z) = 1 - Q(z), and Q(z) is no multiple of 2^-160: the bounds of its digits would never agree.
            store(last.subtract(tail), reach + k, first, more);
        }
        return new RoundedGaussian(clip, first, more);
    }

    private static void store(BigInteger threshold, int number, int[] first, int[] more) {
        first[number] = threshold.shiftRight(THRESHOLD_BITS - Integer.SIZE).intValue();
        for (int i = 0; i < MORE_WORDS; ++i) {
            more[MORE_WORDS * number + i] = threshold.shiftRight(THRESHOLD_BITS - Integer.SIZE * (i + 2)).intValue();
        }
    }

    /** Noise in the upper bits, and in the others the rest of a word above which it is one more. */
    private int cell(int number) {
        int below = below(number << REST_BITS);
        int inside = number + 1 == 1 << CELL_BITS ? first.length - below : below((number + 1) << REST_BITS) - below;
        int noise = below - reach;
        if (inside > 1 || noise <= -(1 << (CELL_BITS - 1)) || noise >= 1 << (CELL_BITS - 1)) {
            return SEARCH;
        }
        int mask = (1 << REST_BITS) - 1;
        return noise << REST_BITS | (inside == 0 ? mask : first[below] & mask);
    }

    /** How many thresholds have a first word below {@code word}. */
    private int below(int word) {
        int low = 0;
        int high = first.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Integer.compareUnsigned(first[middle], word) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** What is clipped lies beyond {@code -clip()} and {@code 255 + clip()}. */
    public int clip() {
        return clip;
    }

    /** The largest magnitude of a sample's pixels, a little rounded up. */
    public double largest() {
        return (reach + 1) / (double) MOST_BYTE;
    }

    /** Thresholds. */
    public int thresholds() {
        return first.length;
    }

    /**
     * The cells, {@code 2^CELL_BITS}: noise in the upper {@link #CELL_BITS} bits, signed; in the others the rest of a word
     * above which the noise is one more, and at which a search must decide. The array itself, for reading only.
     */
    public int[] cells() {
        return cells;
    }

    /** For a device: the cells, the thresholds' first words, and the {@link #MORE_WORDS} further words of each. */
    public int[] tables() {
        int[] all = Arrays.copyOf(cells, cells.length + first.length + more.length);
        System.arraycopy(first, 0, all, cells.length, first.length);
        System.arraycopy(more, 0, all, cells.length + first.length, more.length);
        return all;
    }

    /** Noise of an element: the reference that every device equals; {@link #UNDECIDED} where it can't be told. */
    public int noise(NoiseKey key, int image, int sample, int element) {
        return search(Philox.word(key, image, sample, element), key, image, sample, element);
    }

    /** The same, for who has the element's Philox word at hand. */
    public int search(int word, NoiseKey key, int image, int sample, int element) {
        int below = below(word);
        if (below == first.length || first[below] != word) {
            return below - reach;
        }
        int[] further = Philox.block(new int[] {element, sample, image, key.stream().ordinal() | MORE_BITS}, key.keyLow(),
                key.keyHigh());
        for (; below < first.length && first[below] == word; ++below) {
            int order = compare(further, below);
            if (order == 0) {
                return UNDECIDED;
            }
            if (order < 0) {
                break;
            }
        }
        return below - reach;
    }

    private int compare(int[] further, int threshold) {
        for (int i = 0; i < MORE_WORDS; ++i) {
            int order = Integer.compareUnsigned(further[i], more[MORE_WORDS * threshold + i]);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    /** The byte that a pixel stands for. */
    public static int byteOf(float pixel) {
        return (int) (pixel * MOST_BYTE + 0.5f);
    }

    /** Whether a pixel is what a byte is handed out as: the float nearest to {@code b / 255}. */
    public static boolean isByte(float pixel) {
        return pixel >= 0 && pixel <= 1 && pixel == byteOf(pixel) / (float) MOST_BYTE;
    }

    /** A sample's pixel; NaN for noise that is undecided. */
    public float sample(float pixel, int noise) {
        return noise == UNDECIDED ? Float.NaN
                : Math.max(-clip, Math.min(MOST_BYTE + clip, byteOf(pixel) + noise)) / (float) MOST_BYTE;
    }
}

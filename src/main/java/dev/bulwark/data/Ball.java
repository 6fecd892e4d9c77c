package dev.bulwark.data;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.Arrays;

/**
 * What may become of an input: what lies within {@code epsilon} of the centre in some norm, and in [0, 1]. A certificate
 * speaks of all real numbers there, an attack takes floats from among them.
 *
 * <p>The centre is what the data says. Of images kept as bytes that is k / 255, which for nearly all k no float is; the
 * network is given the nearest one. Of data that came as floats it is the float itself.
 */
public record Ball(Epsilon epsilon, Centre centre, Norm norm) {

    /** What an element of an input stands for. */
    public enum Centre {
        /** For itself. */
        FLOAT,
        /** For the k / 255 that it is the nearest float to. */
        BYTE
    }

    private static final int BYTES = 256;
    private static final int LARGEST = BYTES - 1;
    /** Of a float that was rounded to nearest: the number that was rounded is no further away, times the float. */
    private static final float ROUNDOFF = 0x1p-24f;

    /** In the l-infinity norm. */
    public Ball(Epsilon epsilon, Centre centre) {
        this(epsilon, centre, Norm.INF);
    }

    /** The same distance in another norm. */
    public Ball in(Norm other) {
        return new Ball(epsilon, centre, other);
    }

    /** In the l-infinity norm around floats that stand for themselves; {@code epsilon} as {@link Epsilon#of}. */
    public static Ball aroundFloats(double epsilon) {
        return new Ball(Epsilon.of(epsilon), Centre.FLOAT);
    }

    /** How far the centre may lie from its float, times that float: 0 or a power of two. */
    public float centreError() {
        return centre == Centre.BYTE ? ROUNDOFF : 0;
    }

    /**
     * The least float of the smallest box around the ball, element by element. Where no float lies in it, as only a ball
     * narrower than a float's last bit can have none, the element itself.
     *
     * @param inputs in [0, 1]
     * @throws IllegalArgumentException if an element is not what the centre says
     */
    public float[] least(float[] inputs) {
        return ends(inputs, true);
    }

    /** As {@link #least}, the greatest. */
    public float[] greatest(float[] inputs) {
        return ends(inputs, false);
    }

    /**
     * The largest distance of an element of {@code point} from its centre, to a double's last bits; 0 for the inputs
     * themselves, and for no point of the ball more than the double nearest to epsilon.
     *
     * @param inputs as in {@link #least}
     */
    public double distance(float[] inputs, float[] point) {
        double distance = 0;
        for (int k = 0; k < inputs.length; ++k) {
            if (point[k] != inputs[k]) {
                distance = Math.max(distance, Math.abs(apart(inputs[k], point[k])));
            }
        }
        boolean rounded = distance > epsilon.nearest() && distance <= epsilon.nearest() * (1 + 0x1p-51);
        return rounded ? epsilon.nearest() : distance;
    }

    /**
     * At least the l2 distance of {@code point} from the centre, and no more than a double's last bits above it; 0 for the inputs
     * themselves.
     *
     * @param inputs as in {@link #least}
     */
    public double euclideanDistance(float[] inputs, float[] point) {
        return Arrays.equals(inputs, point) ? 0 : euclideanAbove(inputs, point);
    }

    /**
     * How far, in the l2 norm, one may go from the inputs' own floats and not leave this l2 ball, rounded down; negative where
     * not even these lie in it.
     *
     * @param inputs as in {@link #least}
     */
    public double euclideanRoom(float[] inputs) {
        if (norm != Norm.TWO) {
            throw new IllegalStateException("this is no l2 ball but one of the " + norm.words() + " norm");
        }
        double away = centre == Centre.BYTE ? euclideanAbove(inputs, inputs) : 0;
        return away == 0 ? epsilon.lower() : Math.nextDown(epsilon.lower() - away);
    }

    /** As {@link #euclideanDistance}, in the l1 norm. */
    public double l1Distance(float[] inputs, float[] point) {
        return Arrays.equals(inputs, point) ? 0 : l1Above(inputs, point);
    }

    /** As {@link #euclideanRoom}, for an l1 ball. */
    public double l1Room(float[] inputs) {
        if (norm != Norm.ONE) {
            throw new IllegalStateException("this is no l1 ball but one of the " + norm.words() + " norm");
        }
        double away = centre == Centre.BYTE ? l1Above(inputs, inputs) : 0;
        return away == 0 ? epsilon.lower() : Math.nextDown(epsilon.lower() - away);
    }

    /**
     * Whether a point truly lies in this ball and in [0, 1]; the inputs themselves count as points of it.
     *
     * @param inputs as in {@link #least}
     */
    public boolean holds(float[] inputs, float[] point) {
        float[] low = norm == Norm.INF ? least(inputs) : new float[inputs.length];
        float[] high = norm == Norm.INF ? greatest(inputs) : new float[0];
        for (int k = 0; k < inputs.length; ++k) {
            if (!(point[k] >= low[k] && point[k] <= (norm == Norm.INF ? high[k] : 1))) {
                return false;
            }
        }
        return switch (norm) {
            case INF -> true;
            case TWO -> euclideanDistance(inputs, point) <= epsilon.lower();
            case ONE -> l1Distance(inputs, point) <= epsilon.lower();
        };
    }

    /** As {@link #euclideanAbove}. */
    private double l1Above(float[] inputs, float[] point) {
        double sum = 0;
        for (int k = 0; k < inputs.length; ++k) {
            sum += Math.abs(apart(inputs[k], point[k]));
        }
        return Math.nextUp(sum * (1 + (inputs.length + 16) * 0x1p-52));
    }

    /** Of n terms, each of which is off by less than eight roundings of a double. */
    private double euclideanAbove(float[] inputs, float[] point) {
        double squares = 0;
        for (int k = 0; k < inputs.length; ++k) {
            double apart = apart(inputs[k], point[k]);
            squares += apart * apart;
        }
        return Math.nextUp(Math.sqrt(Math.nextUp(squares * (1 + (inputs.length + 16) * 0x1p-52))));
    }

    /** How far an element lies from its centre, to nearest. */
    private double apart(float input, float element) {
        return centre == Centre.BYTE ? ((double) LARGEST * element - byteOf(input)) / LARGEST : (double) element - input;
    }

    private float[] ends(float[] inputs, boolean least) {
        float[] ends = new float[inputs.length];
        float[] ofByte = centre == Centre.BYTE ? byteEnds(least) : new float[0];
        for (int k = 0; k < ends.length; ++k) {
            ends[k] = centre == Centre.BYTE ? ofByte[byteOf(inputs[k])]
                    : least ? leastAround(inputs[k]) : greatestAround(inputs[k]);
        }
        return ends;
    }

    // ---- around bytes ------------------------------------------------------------------------------------------------

    private static int byteOf(float element) {
        int nearest = Math.round(element * LARGEST);
        if (nearest < 0 || nearest > LARGEST || Pixels.Bytes.intensity(nearest) != element) {
            throw new IllegalArgumentException(element + " is not the float nearest to a byte divided by " + LARGEST);
        }
        return nearest;
    }

    private float[] byteEnds(boolean least) {
        float[] ends = new float[BYTES];
        for (int value = 0; value < BYTES; ++value) {
            float low = greatestNotAbove(value, -1);
            low = Math.max(isAbove(value, -1, low) ? Math.nextUp(low) : low, 0);
            float high = Math.min(greatestNotAbove(value, 1), 1);
            ends[value] = low > high ? Pixels.Bytes.intensity(value) : least ? low : high;
        }
        return ends;
    }

    /** The greatest float not above {@code value / 255 + side epsilon}. */
    private float greatestNotAbove(int value, int side) {
        BigDecimal end = new BigDecimal(end(value, side));
        float near = end.divide(new BigDecimal(endDenominator()), MathContext.DECIMAL64).floatValue();
        near = Math.max(-Float.MAX_VALUE, Math.min(Float.MAX_VALUE, near));
        while (near > -Float.MAX_VALUE && isBelow(value, side, near)) {
            near = Math.nextDown(near);
        }
        while (near < Float.MAX_VALUE && !isBelow(value, side, Math.nextUp(near))) {
            near = Math.nextUp(near);
        }
        return near;
    }

    private boolean isBelow(int value, int side, float number) {
        return compare(value, side, number) < 0;
    }

    private boolean isAbove(int value, int side, float number) {
        return compare(value, side, number) > 0;
    }

    /** The sign of {@code value / 255 + side epsilon - number}. */
    private int compare(int value, int side, float number) {
        return new BigDecimal(end(value, side)).compareTo(new BigDecimal(number).multiply(new BigDecimal(endDenominator())));
    }

    private BigInteger end(int value, int side) {
        return epsilon.denominator().multiply(BigInteger.valueOf(value))
                .add(epsilon.numerator().multiply(BigInteger.valueOf((long) side * LARGEST)));
    }

    private BigInteger endDenominator() {
        return epsilon.denominator().multiply(BigInteger.valueOf(LARGEST));
    }

    // ---- around floats -----------------------------------------------------------------------------------------------

    private float leastAround(float x) {
        float low = (float) (x - epsilon.lower());
        while (exceeds(x, low)) {
            low = Math.nextUp(low);
        }
        return Math.max(low, 0);
    }

    private float greatestAround(float x) {
        float high = (float) (x + epsilon.lower());
        while (exceeds(high, x)) {
            high = Math.nextDown(high);
        }
        return Math.min(high, 1);
    }

    /** Whether {@code a - b > epsilon.lower()} in real numbers: a two-sum recovers what the double difference lost. */
    boolean exceeds(float a, float b) {
        double difference = (double) a - b;
        double back = difference - a;
        double lost = (a - (difference - back)) - (b + back);
        return difference > epsilon.lower() || difference == epsilon.lower() && lost > 0;
    }
}

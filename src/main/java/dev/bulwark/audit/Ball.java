package dev.bulwark.audit;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.HashMap;
import java.util.Map;

/**
 * All real points within epsilon of an image in a norm, and in [0, 1]. Epsilon is the number that is written, a decimal of
 * any length or a fraction of two, exactly.
 */
final class Ball {

    /** The norms, as rows name them. */
    enum Norm { INF, TWO, ONE }

    private static final int LONGEST = 400;
    /** Characters that a message shows. */
    private static final int SHOWN = 20;
    /** Further than any two points of [0, 1]^D are apart. */
    private static final BigDecimal FARTHEST = BigDecimal.valueOf(1_000_000_000);

    private final Image image;
    private final Norm norm;
    /** Over {@link #below}. */
    private final BigDecimal above;
    private final BigDecimal below;
    private final Interval box;
    private final Interval centre;
    private final double epsilonUp;

    /** @throws AuditException if epsilon is no distance, or the norm none of those above */
    Ball(Image image, String epsilon, String norm) {
        this.image = image;
        this.norm = switch (norm) {
            case "inf" -> Norm.INF;
            case "2" -> Norm.TWO;
            case "1" -> Norm.ONE;
            default -> throw new AuditException("norm is \"" + norm + "\", not inf, 2 or 1");
        };
        int slash = epsilon.indexOf('/');
        this.above = number(epsilon, slash < 0 ? epsilon : epsilon.substring(0, slash));
        this.below = slash < 0 ? BigDecimal.ONE : number(epsilon, epsilon.substring(slash + 1));
        if (above.signum() < 0 || below.signum() <= 0 || above.compareTo(below.multiply(FARTHEST)) > 0) {
            throw new AuditException("epsilon is \"" + epsilon + "\", which is no distance");
        }
        this.epsilonUp = -down(above.negate(), below);
        double[] low = new double[image.size()];
        double[] high = new double[low.length];
        double[] from = new double[low.length];
        double[] to = new double[low.length];
        Map<BigDecimal, double[]> known = new HashMap<>();
        for (int i = 0; i < low.length; ++i) {
            double[] ends = known.computeIfAbsent(image.numerator(i), this::ends);
            low[i] = ends[0];
            high[i] = ends[1];
            from[i] = ends[2];
            to[i] = ends[3];
        }
        this.box = new Interval(low, high);
        this.centre = new Interval(from, to);
    }

    /** @throws AuditException as of {@link Certificate#requireReadable} */
    static void requireReadable(String epsilon) {
        for (String part : epsilon.split("/", 2)) {
            number(epsilon, part);
        }
    }

    private static BigDecimal number(String whole, String text) {
        if (text.length() <= LONGEST && text.matches("[0-9]*\\.?[0-9]+([eE][-+]?[0-9]{1,3})?")) {
            BigDecimal number = new BigDecimal(text);
            if (Math.abs((long) number.precision() - number.scale()) <= LONGEST) {
                return number;
            }
        }
        if (text.length() > LONGEST) {
            throw new AuditException("epsilon has " + text.length() + " characters, and certificates have numbers of at most "
                    + LONGEST);
        }
        throw new AuditException("epsilon is \"" + whole.substring(0, Math.min(whole.length(), SHOWN))
                + "\", not a number such as 0.1 or 8/255");
    }

    /** Of one element: the least and the greatest in the ball, then the centre's own ends, all outward. */
    private double[] ends(BigDecimal value) {
        BigDecimal of = image.denominator();
        BigDecimal scaled = value.multiply(below);
        BigDecimal reach = above.multiply(of);
        BigDecimal denominator = of.multiply(below);
        return new double[] {Math.max(0, down(scaled.subtract(reach), denominator)),
            Math.min(1, -down(scaled.add(reach).negate(), denominator)),
            down(value, of), -down(value.negate(), of)};
    }

    /** At most the quotient, and the quotient itself where it is a double. */
    private static double down(BigDecimal numerator, BigDecimal denominator) {
        double near = numerator.divide(denominator, MathContext.DECIMAL64).doubleValue();
        while (new BigDecimal(near).multiply(denominator).compareTo(numerator) > 0) {
            near = Math.nextDown(near);
        }
        while (new BigDecimal(Math.nextUp(near)).multiply(denominator).compareTo(numerator) <= 0) {
            near = Math.nextUp(near);
        }
        return near;
    }

    /** A box around it. */
    Interval box() {
        return box;
    }

    boolean isBox() {
        return norm == Norm.INF;
    }

    /**
     * At most the least value of {@code a x + constant} in the ball, by the dual norm: {@code a c - epsilon |a|}.
     *
     * @param a {@code [D]}
     */
    double least(double[] a, double constant) {
        double sum = 0;
        double size = 0;
        double squares = 0;
        double largest = 0;
        for (int i = 0; i < a.length; ++i) {
            double term = a[i] * (a[i] > 0 ? centre.lower()[i] : centre.upper()[i]);
            sum += term;
            size += Math.abs(term);
            squares += a[i] * a[i];
            largest = Math.max(largest, Math.abs(a[i]));
        }
        double dual = norm == Norm.TWO ? Math.nextUp(Math.sqrt(Rounding.above(a.length, squares))) : largest;
        double least = Rounding.addDown(sum, -Rounding.slack(a.length, size));
        return Rounding.addDown(Rounding.addDown(constant, least), -Math.nextUp(epsilonUp * dual));
    }

    /** Whether a point lies in it, by exact arithmetic. */
    boolean holds(double[] point) {
        BigDecimal distance = BigDecimal.ZERO;
        BigDecimal of = image.denominator();
        for (int i = 0; i < point.length; ++i) {
            if (!(point[i] >= 0 && point[i] <= 1)) {
                return false;
            }
            BigDecimal away = new BigDecimal(point[i]).multiply(of).subtract(image.numerator(i)).abs();
            distance = switch (norm) {
                case INF -> distance.max(away);
                case ONE -> distance.add(away);
                case TWO -> distance.add(away.multiply(away));
            };
        }
        BigDecimal reach = above.multiply(of);
        return norm == Norm.TWO ? distance.multiply(below).multiply(below).compareTo(reach.multiply(reach)) <= 0
                : distance.multiply(below).compareTo(reach) <= 0;
    }

    /** About where {@code a x} is least in the ball: for choices, not for claims. */
    double[] lowest(double[] a, Interval within) {
        double[] point = new double[a.length];
        double norm2 = 0;
        int largest = 0;
        for (int i = 0; i < a.length; ++i) {
            norm2 += a[i] * a[i];
            largest = Math.abs(a[i]) > Math.abs(a[largest]) ? i : largest;
        }
        for (int i = 0; i < a.length; ++i) {
            double away = switch (norm) {
                case INF -> a[i] > 0 ? 1 : a[i] < 0 ? -1 : 0;
                case TWO -> norm2 == 0 ? 0 : a[i] / Math.sqrt(norm2);
                case ONE -> i == largest ? Math.signum(a[i]) : 0;
            };
            double there = centre.lower()[i] - epsilonUp * away;
            point[i] = Math.max(within.lower()[i], Math.min(within.upper()[i], there));
        }
        return point;
    }
}

package dev.bulwark.stats;

/** The standard normal distribution, rounded down: a radius {@code sigma * quantile(pALower)} must not grow by rounding. */
public final class StandardNormal {

    /**
     * What {@link #quantile} gives away, relative. The fits below err by 10^-16 (Wichura 1988); sums and products of
     * positive numbers add at most some twenty roundings, 4e-15 in all.
     */
    private static final double QUANTILE_MARGIN = 1e-14;

    /** What {@link #cdf} gives away, relative: some hundred roundings of positive terms make 2e-14. */
    private static final double CDF_MARGIN = 1e-13;

    private static final double INVERSE_SQRT_TWO_PI = 0.3989422804014326779;

    /** Where the power series gives way to the continued fraction: its LEVELS leave 2e-19 there, less further out. */
    private static final double TAIL_FROM = 1;
    private static final int LEVELS = 500;

    /** A tail here is no double any more, and the square of x still is one. */
    private static final double FAR = 40;

    /** Numerators and denominators of Wichura's three fits, constant term first. */
    private static final double[] CENTRE = {
            3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
            4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
    private static final double[] CENTRE_DIVISOR = {
            1, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
            2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4, 5.2264952788528545610e+3};
    private static final double[] TAIL = {
            1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
            1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
    private static final double[] TAIL_DIVISOR = {
            1, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
            1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9};
    private static final double[] FAR_TAIL = {
            6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
            2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
    private static final double[] FAR_TAIL_DIVISOR = {
            1, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
            7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15};

    private StandardNormal() {
    }

    /**
     * Never above {@code Phi^-1(p)}, and within a relative 2e-14 of it: Wichura's AS 241, PPND16.
     *
     * @param p strictly between 0 and 1
     */
    public static double quantile(double p) {
        if (!(p > 0 && p < 1)) {
            throw new IllegalArgumentException("p must lie strictly between 0 and 1: " + p);
        }
        double x = nearestQuantile(p);
        return x - QUANTILE_MARGIN * Math.abs(x);
    }

    /** Never above {@code Phi(x)}, within a relative 3e-13 of it; 0 where that is no normal double ({@code x < -37.5}). */
    public static double cdf(double x) {
        if (Double.isNaN(x)) {
            throw new IllegalArgumentException("x must be a number: " + x);
        }
        if (x <= -TAIL_FROM) {
            double tail = upperTail(Math.min(-x, FAR)) * (1 - CDF_MARGIN);
            return tail < Double.MIN_NORMAL ? 0 : tail;
        }
        if (x >= TAIL_FROM) {
            return Math.nextDown(1 - upperTail(Math.min(x, FAR)) * (1 + CDF_MARGIN));
        }
        double fromCentre = density(x) * centreSeries(x);
        return x == 0 ? 0.5 : Math.nextDown(0.5 + fromCentre - CDF_MARGIN * Math.abs(fromCentre));
    }

    private static double nearestQuantile(double p) {
        double fromCentre = p - 0.5;
        if (Math.abs(fromCentre) <= 0.425) {
            double r = 0.180625 - fromCentre * fromCentre;
            return fromCentre * polynomial(CENTRE, r) / polynomial(CENTRE_DIVISOR, r);
        }
        double r = Math.sqrt(-StrictMath.log(Math.min(p, 1 - p)));
        double x = r <= 5
                ? polynomial(TAIL, r - 1.6) / polynomial(TAIL_DIVISOR, r - 1.6)
                : polynomial(FAR_TAIL, r - 5) / polynomial(FAR_TAIL_DIVISOR, r - 5);
        return Math.copySign(x, fromCentre);
    }

    private static double polynomial(double[] coefficients, double x) {
        double value = 0;
        for (int k = coefficients.length - 1; k >= 0; --k) {
            value = value * x + coefficients[k];
        }
        return value;
    }

    /** The square's rounding error, recovered by fma, is put back: far out, exp would magnify it. */
    private static double density(double x) {
        double square = x * x;
        double lost = Math.fma(x, x, -square);
        return INVERSE_SQRT_TWO_PI * StrictMath.exp(-square / 2) * (1 - lost / 2);
    }

    /** {@code (Phi(x) - 1/2) / phi(x) = x + x^3/3 + x^5/15 + ...}; all terms have one sign. */
    private static double centreSeries(double x) {
        double term = x;
        double sum = x;
        for (int k = 3; Math.abs(term) > 0x1p-60 * Math.abs(sum); k += 2) {
            term *= x * x / k;
            sum += term;
        }
        return sum;
    }

    /** {@code 1 - Phi(x) = phi(x) / (x + 1 / (x + 2 / (x + 3 / ...)))}, Laplace's continued fraction. */
    private static double upperTail(double x) {
        double denominator = x;
        for (int k = LEVELS; k > 0; --k) {
            denominator = x + k / denominator;
        }
        return density(x) / denominator;
    }
}

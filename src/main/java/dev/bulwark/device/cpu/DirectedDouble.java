package dev.bulwark.device.cpu;

/**
 * Operations on doubles rounded down or up, as the directed ones of a GPU: to nearest, then a step outward where the error,
 * which is itself a double, says that the step is due. NaN and infinities come out as they would of the rounded operation;
 * where a result underflows, a step may be taken that was not due.
 */
final class DirectedDouble {

    private DirectedDouble() {
    }

    /** The greatest double not above {@code a + b}. */
    static double sumDown(double a, double b) {
        double sum = a + b;
        return lost(a, b, sum) < 0 ? Math.nextDown(sum) : sum;
    }

    /** The least double not below {@code a + b}. */
    static double sumUp(double a, double b) {
        return -sumDown(-a, -b);
    }

    /** {@code a + b - sum}, exactly, where sum is rounded to nearest: a two-sum (Knuth). */
    static double lost(double a, double b, double sum) {
        double back = sum - a;
        return (a - (sum - back)) + (b - back);
    }

    /** Not above {@code a b}. */
    static double productDown(double a, double b) {
        double product = a * b;
        if (a == 0 || b == 0) {
            return product;
        }
        boolean exactError = Math.abs(product) > 0x1p-900;
        return !exactError || Math.fma(a, b, -product) < 0 ? Math.nextDown(product) : product;
    }

    /** Not below {@code a b}. */
    static double productUp(double a, double b) {
        return -productDown(-a, b);
    }

    /** Not above {@code a / b}, b positive. */
    static double quotientDown(double a, double b) {
        double quotient = a / b;
        if (a == 0) {
            return quotient;
        }
        boolean exactError = Math.abs(a) > 0x1p-900;
        return !exactError || Math.fma(quotient, b, -a) > 0 ? Math.nextDown(quotient) : quotient;
    }

    /** Not below {@code a / b}, b positive. */
    static double quotientUp(double a, double b) {
        return -quotientDown(-a, b);
    }
}

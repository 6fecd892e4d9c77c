package dev.bulwark.device;

import java.util.function.DoubleUnaryOperator;

/**
 * The lines of CROWN (Zhang et al. 2018, section 3.2) that bound an activation, in double, by bisection and case by case.
 */
public interface ReferenceLines {

    double at(double z);

    /** Slope and intercept of the line above. */
    double[] above(double l, double u);

    /** Slope and intercept of the line below. */
    double[] below(double l, double u);

    static ReferenceLines of(Activation f) {
        return f.accept(new Activation.Visitor<>() {
            @Override
            public ReferenceLines leakyRelu(Activation.LeakyRelu function) {
                return new OfLeakyRelu(function.slope());
            }

            @Override
            public ReferenceLines clip(Activation.Clip function) {
                return new OfClip(function.low(), function.high());
            }

            @Override
            public ReferenceLines sigmoid(Activation.Sigmoid function) {
                DoubleUnaryOperator s = z -> 1 / (1 + Math.exp(-z));
                return new OfSmooth(s, z -> s.applyAsDouble(z) * s.applyAsDouble(-z));
            }

            @Override
            public ReferenceLines tanh(Activation.Tanh function) {
                return new OfSmooth(Math::tanh, z -> 1 / (Math.cosh(z) * Math.cosh(z)));
            }
        });
    }

    /** The line through two points of f. */
    private static double[] chord(ReferenceLines f, double l, double u) {
        double slope = (f.at(u) - f.at(l)) / (u - l);
        return new double[] {slope, f.at(l) - slope * l};
    }

    record OfLeakyRelu(double slope) implements ReferenceLines {

        @Override
        public double at(double z) {
            return z > 0 ? z : slope * z;
        }

        @Override
        public double[] above(double l, double u) {
            return l >= 0 || u <= 0 ? below(l, u) : chord(this, l, u);
        }

        @Override
        public double[] below(double l, double u) {
            return new double[] {u > -l || l >= 0 && u > 0 ? 1 : slope, 0};
        }
    }

    record OfClip(double low, double high) implements ReferenceLines {

        @Override
        public double at(double z) {
            return Math.max(low, Math.min(high, z));
        }

        @Override
        public double[] above(double l, double u) {
            if (u <= low || l >= high) {
                return new double[] {0, at(l)};
            }
            if (u <= high) {
                return l >= low ? new double[] {1, 0} : chord(this, l, u);
            }
            return u - high < high - l ? chord(this, l, high) : new double[] {0, high};
        }

        @Override
        public double[] below(double l, double u) {
            double[] mirrored = new OfClip(-high, -low).above(-u, -l);
            return new double[] {mirrored[0], -mirrored[1]};
        }
    }

    record OfSmooth(DoubleUnaryOperator f, DoubleUnaryOperator derivative) implements ReferenceLines {

        @Override
        public double at(double z) {
            return f.applyAsDouble(z);
        }

        private double[] tangent(double z) {
            double slope = derivative.applyAsDouble(z);
            return new double[] {slope, at(z) - slope * z};
        }

        @Override
        public double[] above(double l, double u) {
            if (u - l < 1e-5 || l >= 0) { // a chord has no digits there
                return tangent(0.5 * (l + u));
            }
            double[] chord = chord(this, l, u);
            return u <= 0 || derivative.applyAsDouble(u) >= chord[0] ? chord : tangent(touching(l, 0, u));
        }

        @Override
        public double[] below(double l, double u) {
            if (u - l < 1e-5 || u <= 0) {
                return tangent(0.5 * (l + u));
            }
            double[] chord = chord(this, l, u);
            return l >= 0 || derivative.applyAsDouble(l) >= chord[0] ? chord : tangent(touching(u, 0, l));
        }

        /** Where, between these two, the tangent meets f at {@code end}. */
        private double touching(double end, double from, double to) {
            double near = from;
            double far = to;
            for (int k = 0; k < 200; ++k) {
                double middle = 0.5 * (near + far);
                double secant = (at(middle) - at(end)) / (middle - end);
                if (derivative.applyAsDouble(middle) > secant) {
                    near = middle;
                } else {
                    far = middle;
                }
            }
            return near;
        }
    }
}

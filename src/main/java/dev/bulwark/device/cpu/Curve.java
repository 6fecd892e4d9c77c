package dev.bulwark.device.cpu;

import dev.bulwark.device.Activation;

/** An activation on the host: values to nearest, and bounds and lines that hold in real numbers. */
interface Curve {

    static Curve of(Activation function) {
        return function.accept(new Activation.Visitor<>() {
            @Override
            public Curve leakyRelu(Activation.LeakyRelu leaky) {
                return new LeakyReluCurve(leaky.slope());
            }

            @Override
            public Curve clip(Activation.Clip clip) {
                return new ClipCurve(clip.low(), clip.high());
            }

            @Override
            public Curve sigmoid(Activation.Sigmoid sigmoid) {
                return SmoothCurve.SIGMOID;
            }

            @Override
            public Curve tanh(Activation.Tanh tanh) {
                return SmoothCurve.TANH;
            }
        });
    }

    /** To nearest; NaN stays. */
    float at(float x);

    /** The slope, to nearest, where the value is y. */
    float slope(float y);

    /** The greatest float known not to exceed the value at x, which is finite. */
    float down(float x);

    /** The least float known not to be less than the value at x, which is finite. */
    float up(float x);

    /** No value is less; NaN where there is no such number, or none above. */
    float least();

    /** No value exceeds it; NaN where there is no such number, or none below. */
    float most();

    /** Sets {@code lines} to those over [l, u], two finite numbers. */
    void relax(float l, float u, Lines lines);

    /** Two lines. */
    final class Lines {
        float upperSlope;
        float upperIntercept;
        float lowerSlope;
        float lowerIntercept;

        void above(double slope, double intercept) {
            upperSlope = (float) slope;
            upperIntercept = (float) intercept;
        }

        void below(double slope, double intercept) {
            lowerSlope = (float) slope;
            lowerIntercept = (float) intercept;
        }

        /** Constants, or NaN for lines that are unknown. */
        void constants(float least, float most) {
            above(Float.isNaN(most) ? most : 0, most);
            below(Float.isNaN(least) ? least : 0, least);
        }
    }

    /** The least double not below {@code value - slope z}; a product of two floats is exact. */
    static double interceptUp(double value, float slope, float z) {
        return DirectedDouble.sumUp(value, -((double) slope * z));
    }
}

package dev.bulwark.training;

/** The shape of a rise from 0 to 1 over the unit interval. */
public enum Ramp {

    LINEAR {
        @Override
        double inside(double done) {
            return done;
        }
    },

    /**
     * A quartic over the first quarter, then the straight line that continues it (auto_LiRPA's SmoothedScheduler, used by
     * Shi et al. 2021): {@code 256/13 t^4} meets {@code 1/13 + 16/13 (t - 1/4)} with equal value and slope.
     */
    SMOOTH {
        @Override
        double inside(double done) {
            return done < 0.25 ? 256.0 / 13 * Math.pow(done, 4) : 1.0 / 13 + 16.0 / 13 * (done - 0.25);
        }
    };

    abstract double inside(double done);

    /** 0 up to {@code start}, 1 from {@code start + length} on; a jump where {@code length} is 0. */
    double at(double epoch, double start, double length) {
        if (epoch >= start + length) {
            return 1;
        }
        return epoch <= start ? 0 : inside((epoch - start) / length);
    }
}

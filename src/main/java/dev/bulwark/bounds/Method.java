package dev.bulwark.bounds;

import dev.bulwark.device.Backend;
import dev.bulwark.nn.DeviceNetwork;
import java.util.Locale;

/** The ways to bound a network's logits over a box. */
public enum Method {
    /** Interval bound propagation (Gowal et al. 2019). */
    IBP,
    /** Backward linear relaxation (Zhang et al. 2018). */
    CROWN,
    /** CROWN with optimised slopes (Xu et al. 2020). */
    ALPHA_CROWN;

    /** This method on {@code network}, which lies on {@code backend}, with its defaults. */
    public Verifier verifier(Backend backend, DeviceNetwork network) {
        return verifier(backend, network, Crown.DEFAULT_STEPS);
    }

    /**
     * This method on {@code network}, which lies on {@code backend}.
     *
     * @param steps of {@link #ALPHA_CROWN}'s slopes; the others have none
     */
    public Verifier verifier(Backend backend, DeviceNetwork network, int steps) {
        return switch (this) {
            case IBP -> new Ibp(backend, network);
            case CROWN -> new Crown(backend, network, 0);
            case ALPHA_CROWN -> new Crown(backend, network, steps);
        };
    }

    /** As on the command line and in rows: {@code alpha-crown}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

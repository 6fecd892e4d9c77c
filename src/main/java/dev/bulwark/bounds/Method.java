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

    /**
     * This method on {@code network}, which lies on {@code backend}.
     *
     * @throws IllegalArgumentException if the method is not available: another one is never used in its place
     */
    public Verifier verifier(Backend backend, DeviceNetwork network) {
        if (this != IBP) {
            throw new IllegalArgumentException(this + " bounds are not available yet; use --method ibp");
        }
        return new Ibp(backend, network);
    }

    /** As on the command line and in rows: {@code alpha-crown}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

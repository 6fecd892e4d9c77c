package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.plan.Plan;
import java.util.List;

/** One attack, or several one after the other, on the images of one network. */
public interface Attacker extends AutoCloseable {

    /** What an attack does; the same settings and images give the same answers. */
    interface Settings {

        /** What every adversarial image lies in. */
        Ball ball();

        /** @param network must outlive the attacker */
        Attacker on(Plan network);
    }

    /**
     * Attacks every image that the network gets right. What the device needs for it is kept for the next call.
     *
     * @param images       {@code [N,D]}, in [0, 1]
     * @param labels       {@code [N]}
     * @param imageIndices {@code [N]}, each image's index in its data set, a coordinate of whatever is random
     */
    List<AttackOutcome> attack(float[] images, int[] labels, int[] imageIndices);

    /** What attacks took since this was last called. */
    List<AttackEffort> takeEffort();

    @Override
    void close();
}

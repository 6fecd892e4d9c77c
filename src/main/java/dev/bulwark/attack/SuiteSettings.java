package dev.bulwark.attack;

import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.device.NoiseKey;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import java.util.List;

/**
 * What an {@link AttackSuite} does.
 *
 * @param ball     what every adversarial image lies in
 * @param image    how the network's inputs lie in an image, for what looks for squares
 * @param seed     of whatever is random
 * @param searches one after the other, each on what still stands
 */
public record SuiteSettings(Ball ball, ImageShape image, long seed, List<Search> searches) implements Attacker.Settings {

    public SuiteSettings {
        searches = List.copyOf(searches);
        if (searches.isEmpty() || searches.stream().map(Search::name).distinct().count() < searches.size()) {
            throw new IllegalArgumentException("searches must be different ones, at least one: " + searches);
        }
        if (ball.norm() == Norm.ONE && searches.stream().anyMatch(search -> search instanceof Search.Pgd)) {
            throw new IllegalArgumentException("PGD stays in l-infinity or l2 balls, not in those of the l1 norm");
        }
        if (!(ball.epsilon().lower() <= Float.MAX_VALUE / 4)) {
            throw new IllegalArgumentException("epsilon must be at most 8e37: " + ball.epsilon());
        }
    }

    /** AutoAttack's standard version. */
    public static SuiteSettings autoAttack(Ball ball, ImageShape image, long seed) {
        return new SuiteSettings(ball, image, seed, Search.autoAttack(ball.norm()));
    }

    NoiseKey startKey() {
        return new NoiseKey(seed, NoiseKey.Stream.ATTACK);
    }

    NoiseKey squareKey() {
        return new NoiseKey(seed, NoiseKey.Stream.SQUARE);
    }

    @Override
    public AttackSuite on(Plan network) {
        return new AttackSuite(network, this);
    }
}

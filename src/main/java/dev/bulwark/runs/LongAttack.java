package dev.bulwark.runs;

import dev.bulwark.attack.AttackOutcome;
import dev.bulwark.attack.AttackSuite;
import dev.bulwark.attack.SuiteSettings;
import dev.bulwark.bounds.Cascade;
import dev.bulwark.data.Ball;
import dev.bulwark.plan.Plan;
import dev.bulwark.shapes.ImageShape;
import java.util.Optional;

/** A cascade's last search for a counterexample, where branch and bound gives up: AutoAttack. */
final class LongAttack implements AutoCloseable {

    /** How records name it. */
    static final String NAME = "AutoAttack on what branch and bound leaves open";
    /** How many times as long as {@link ShortAttack} it takes, about: it has some 8,000 passes, and that has 80. */
    static final double SHORT_ATTACKS = 100;

    private final Plan plan;
    private final SuiteSettings settings;
    /** Made when it is first needed: most images never come so far. */
    private Optional<AttackSuite> suite = Optional.empty();

    /** @param plan must outlive this object */
    LongAttack(Plan plan, Ball ball, ImageShape image) {
        this.plan = plan;
        this.settings = SuiteSettings.autoAttack(ball, image, 0);
    }

    /** @param index of the image: whatever is random depends on it */
    Cascade.Search on(float[] image, int label, int index) {
        return positions -> {
            suite = suite.or(() -> Optional.of(settings.on(plan)));
            return suite.get().attack(image, new int[] {label}, new int[] {index}).stream()
                    .map(outcome -> Optional.of(outcome).filter(AttackOutcome::broken).map(AttackOutcome::adversarialImage)).toList();
        };
    }

    @Override
    public void close() {
        suite.ifPresent(AttackSuite::close);
    }
}

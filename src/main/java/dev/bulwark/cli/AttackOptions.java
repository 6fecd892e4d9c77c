package dev.bulwark.cli;

import dev.bulwark.attack.AttackKind;
import dev.bulwark.attack.AttackLoss;
import dev.bulwark.attack.Attacker;
import dev.bulwark.attack.PgdSettings;
import dev.bulwark.attack.Search;
import dev.bulwark.data.Ball;
import dev.bulwark.data.Norm;
import dev.bulwark.results.AttackRecord;
import dev.bulwark.results.Words;
import dev.bulwark.runs.Attack;
import dev.bulwark.runs.ExperimentException;
import dev.bulwark.shapes.ImageShape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import picocli.CommandLine.Option;

/** Which attack, and how hard it tries. */
final class AttackOptions {

    /** The options that each attack takes beside {@code --seed}. */
    private static final Map<AttackKind, Set<String>> TAKEN = Map.of(
            AttackKind.PGD, Set.of("--steps", "--step-size", "--restarts", "--loss", "--targets"),
            AttackKind.APGD, Set.of("--steps", "--restarts", "--loss"),
            AttackKind.APGD_T, Set.of("--steps", "--restarts", "--targets"),
            AttackKind.FAB_T, Set.of("--steps", "--restarts", "--targets"),
            AttackKind.SQUARE, Set.of("--queries", "--restarts"),
            AttackKind.AUTOATTACK, Set.of());

    /** What the steps climb. */
    enum Loss {
        CROSS_ENTROPY, MARGIN, DLR, BOTH;

        /** As the command line spells it. */
        @Override
        public String toString() {
            return Words.of(this);
        }
    }

    @Option(names = "--attack", paramLabel = "pgd|apgd|apgd-t|fab-t|square|autoattack", defaultValue = "pgd",
            description = "pgd: steps of one length; apgd: steps whose length adapts; apgd-t: the same toward one class after another; "
                    + "fab-t: least distances; square: random search without gradients; autoattack: apgd up the cross-entropy, apgd-t, "
                    + "fab-t and square, each on what still stands, as AutoAttack's standard version (default: ${DEFAULT-VALUE}).")
    private AttackKind kind;

    @Option(names = "--steps", description = "Steps from each starting point (default: " + PgdSettings.DEFAULT_STEPS + " by pgd, "
            + Search.ITERATIONS + " by others).")
    private Integer steps;

    @Option(names = "--step-size", description = "Of pgd: length of a step in the ball's norm (default: epsilon / 10).")
    private Double stepSize;

    @Option(names = "--restarts", description = "Starting points, for each target where there are some (default: "
            + PgdSettings.DEFAULT_RESTARTS + " by pgd, 1 by others, " + Search.L1_RESTARTS + " by apgd in l1).")
    private Integer restarts;

    @Option(names = "--targets", description = "Classes that apgd-t and fab-t lead to, the likeliest first, and pgd where this is "
            + "given, up the margin of each (default: " + Search.MOST_TARGETS + "; apgd-t in l1: " + Search.L1_TARGETS + ").")
    private Integer targets;

    @Option(names = "--queries", description = "Of square (default: " + Search.QUERIES + ").")
    private Integer queries;

    @Option(names = "--loss", paramLabel = "cross-entropy|margin|dlr|both",
            description = "What pgd and apgd climb: the cross-entropy; the margin of the best other logit (pgd alone); the difference of "
                    + "logits ratio; or all restarts by the cross-entropy, then by the margin (apgd: the ratio) at images that still "
                    + "stand (default: both).")
    private Loss loss;

    @Option(names = "--seed", defaultValue = "0", description = "Seed of whatever is random (default: ${DEFAULT-VALUE}).")
    private long seed;

    /** Complains about whatever says how to search. */
    void requireUnused() {
        if (kind != AttackKind.PGD || given().values().stream().anyMatch(Objects::nonNull)) {
            throw new ExperimentException("--transfer tries images of another run, and searches for none: drop --attack and its options");
        }
    }

    private Map<String, Object> given() {
        Map<String, Object> given = new LinkedHashMap<>();
        given.put("--steps", steps);
        given.put("--step-size", stepSize);
        given.put("--restarts", restarts);
        given.put("--targets", targets);
        given.put("--queries", queries);
        given.put("--loss", loss);
        return given;
    }

    /** Complains about options that the attack does not take. */
    void check() {
        given().forEach((option, value) -> {
            if (value != null && !TAKEN.get(kind).contains(option)) {
                throw new ExperimentException(option + " is no option of --attack " + kind + ": drop it, or name another attack");
            }
        });
        if (kind == AttackKind.APGD && loss == Loss.MARGIN) {
            throw new ExperimentException("--loss margin is for --attack pgd: apgd compares losses, and takes dlr in its place");
        }
        if (targets != null && kind == AttackKind.PGD && loss != null && loss != Loss.MARGIN && loss != Loss.BOTH) {
            throw new ExperimentException("--targets needs the margin: drop --loss " + loss);
        }
    }

    /** Whether this is plain PGD, which has a run of its own. */
    boolean isPlain() {
        return kind == AttackKind.PGD && targets == null;
    }

    /** @param image how inputs lie in an image */
    Attacker.Settings settings(Ball ball, ImageShape image) {
        return isPlain() ? Attack.settings(ball, steps(), stepSize(ball), restarts(ball.norm()), seed, plainLosses())
                : Attack.suite(ball, image, seed, searches(ball));
    }

    private List<AttackLoss> plainLosses() {
        return switch (loss()) {
            case CROSS_ENTROPY -> List.of(AttackLoss.CROSS_ENTROPY);
            case MARGIN -> List.of(AttackLoss.MARGIN);
            case DLR -> List.of(AttackLoss.DLR);
            case BOTH -> Attack.BOTH_LOSSES;
        };
    }

    /** Of everything but plain PGD. @throws ExperimentException if they make no sense */
    private List<Search> searches(Ball ball) {
        try {
            return kind.searches(ball, new AttackKind.Effort(optional(kind == AttackKind.SQUARE ? queries : steps), optional(restarts),
                    optional(targets), stepSize == null ? OptionalDouble.empty() : OptionalDouble.of(stepSize),
                    loss() == Loss.BOTH ? List.of() : plainLosses()));
        } catch (IllegalArgumentException e) {
            throw new ExperimentException(e.getMessage());
        }
    }

    private static OptionalInt optional(Integer given) {
        return given == null ? OptionalInt.empty() : OptionalInt.of(given);
    }

    private int steps() {
        return Objects.requireNonNullElse(steps, kind.defaultSteps());
    }

    private int restarts(Norm norm) {
        return Objects.requireNonNullElse(restarts, kind.defaultRestarts(norm));
    }

    private double stepSize(Ball ball) {
        return Objects.requireNonNullElseGet(stepSize, () -> PgdSettings.defaultStep(ball));
    }

    private Loss loss() {
        return Objects.requireNonNullElse(loss, Loss.BOTH);
    }

    /** Adds what the rows depend on. */
    RowsRun identify(RowsRun run, Ball ball) {
        if (isPlain()) {
            return run.with("steps", steps()).with("step_size", stepSize(ball)).with("restarts", restarts(ball.norm()))
                    .with("loss", loss().toString()).with("seed", seed);
        }
        return run.with(AttackRecord.ATTACK, kind.toString())
                .with("searches", searches(ball).stream().map(Search::describe).toList()).with("seed", seed);
    }

    /** What readers call it. */
    String name(Norm norm) {
        return isPlain() ? AttackRecord.name(steps(), restarts(norm), loss().toString()) : AttackRecord.suite(kind.toString());
    }

    /** What breaks images, by what rows say of it, in its order: attacks' or losses' names. */
    Map<String, Optional<AttackLoss>> parts(Ball ball) {
        Map<String, Optional<AttackLoss>> parts = new LinkedHashMap<>();
        if (isPlain()) {
            plainLosses().forEach(each -> parts.put(Words.of(each), Optional.of(each)));
        } else {
            searches(ball).forEach(search -> parts.put(search.name(), search.loss()));
        }
        return parts;
    }
}

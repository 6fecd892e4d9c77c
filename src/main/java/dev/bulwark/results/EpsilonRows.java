package dev.bulwark.results;

import dev.bulwark.bounds.Cascade;
import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rows of one epsilon.
 *
 * @param bounds  what IBP certifies, with the last layer elided and by its output box
 * @param attacks what PGD achieved, often on fewer images
 * @param suite   what further attacks made of what PGD and bounds leave open, if there were any
 * @param others  what further methods certify, often on fewer images; none of the lists is empty
 * @param attack  what ran, as {@link AttackRecord} names it; with a name and no attacks, there was nothing to attack
 * @param exact   the epsilon that was typed, where no double prints as it: {@code 8/255}
 * @param seconds that methods, a cascade's stages and attacks took, by their names in files, as far as rows and records say
 */
public record EpsilonRows(List<BoundsRow> bounds, List<AttackRow> attacks, Optional<Suite> suite,
        SortedMap<Method, List<BoundsRow>> others, Optional<String> attack, Optional<String> exact, SortedMap<String, Double> seconds) {

    public EpsilonRows {
        bounds = List.copyOf(bounds);
        attacks = List.copyOf(attacks);
        seconds = Collections.unmodifiableSortedMap(new TreeMap<>(seconds));
        others = Collections.unmodifiableSortedMap(new TreeMap<>(others));
    }

    /** Without further methods. */
    public EpsilonRows(List<BoundsRow> bounds, List<AttackRow> attacks) {
        this(bounds, attacks, new TreeMap<>(), Optional.empty());
    }

    /** Where every row is of the decimal that its number prints as. */
    public EpsilonRows(List<BoundsRow> bounds, List<AttackRow> attacks, SortedMap<Method, List<BoundsRow>> others,
            Optional<String> attack) {
        this(bounds, attacks, Optional.empty(), others, attack, Optional.empty(), new TreeMap<>());
    }

    /**
     * Attacks beyond PGD.
     *
     * @param name as {@link AttackRecord#suite(String)} has it
     * @param rows of the images that PGD and bounds leave open, and of some that are certified; or of all images
     */
    public record Suite(String name, List<AttackRow> rows) {

        public Suite {
            rows = List.copyOf(rows);
        }

        private Suite only(Set<Integer> images) {
            return new Suite(name, rows.stream().filter(row -> images.contains(row.index())).toList());
        }
    }

    /** The same with further attacks. */
    public EpsilonRows with(Suite further) {
        return new EpsilonRows(bounds, attacks, Optional.of(further), others, attack, exact, seconds);
    }

    /**
     * What a cascade says of an image, or IBP alone where it certifies the image and a cascade had only those that it leaves open.
     *
     * @param by the stage that decided the image; empty where it is undecided
     */
    public record Answer(BoundsRow row, Optional<Cascade.Stage> by) {

        public boolean certified() {
            return by.isPresent() && row.certified();
        }

        /** By a stage or one before it: what a weaker method certifies counts for a stronger one. */
        public boolean certifiedBy(Cascade.Stage strongest) {
            return certified() && by.get().compareTo(strongest) <= 0;
        }

        public boolean falsified() {
            return by.isPresent() && !row.certified();
        }

        /** Whether the image is right, and the cascade found no point that breaks it. */
        public boolean stands() {
            return row.cleanCorrect() && !falsified();
        }
    }

    /**
     * What a cascade says. Of all bounded images where it had every one that IBP leaves open; else of its own, if these were not
     * chosen by what IBP leaves open. Empty otherwise: the images that it was not asked about yet are no sample.
     */
    public List<Answer> answers() {
        Map<Integer, BoundsRow> asked = cascade().stream().collect(Collectors.toMap(BoundsRow::index, Function.identity()));
        if (bounds.stream().allMatch(row -> row.certified() || asked.containsKey(row.index()))) {
            return base().stream().map(row -> asked.containsKey(row.index()) ? answer(asked.get(row.index()))
                    : new Answer(row, Optional.of(Cascade.Stage.IBP))).toList();
        }
        boolean chosen = asked.values().stream().noneMatch(row -> row.decidedBy().equals(Optional.of(Cascade.Stage.IBP)));
        return chosen ? List.of() : cascade().stream().map(EpsilonRows::answer).toList();
    }

    private static Answer answer(BoundsRow row) {
        return new Answer(row, row.decidedBy());
    }

    private List<BoundsRow> cascade() {
        return others.getOrDefault(Method.CASCADE, List.of());
    }

    /** IBP's rows, or a cascade's where there are none. */
    private List<BoundsRow> base() {
        return bounds.isEmpty() ? cascade() : bounds;
    }

    public boolean isEmpty() {
        return bounds.isEmpty() && attacks.isEmpty() && others.isEmpty();
    }

    /** Which network the bounds speak of, all of one. */
    public Claim claim() {
        return Stream.concat(bounds.stream(), others.values().stream().flatMap(List::stream)).map(BoundsRow::speaksOf).findFirst()
                .orElse(Claim.REAL);
    }

    public EpsilonRows withoutAttacks() {
        return new EpsilonRows(bounds, List.of(), Optional.empty(), others, Optional.empty(), exact, seconds);
    }

    /** Whether PGD ran: with a name and without rows, there was nothing to attack. */
    public boolean attacked() {
        return !attacks.isEmpty() || attack.isPresent();
    }

    /** A bounded image each, or an attacked one where there are no bounds. */
    public List<Evidence> images() {
        if (base().isEmpty()) {
            return attacks.stream().map(row -> new Evidence(Optional.empty(), Optional.of(row))).toList();
        }
        Map<Integer, AttackRow> attackOf = attacks.stream()
                .collect(Collectors.toMap(AttackRow::index, Function.identity()));
        return base().stream()
                .map(row -> new Evidence(Optional.of(row), Optional.ofNullable(attackOf.get(row.index())))).toList();
    }

    /**
     * The rows of the images on which all figures stand. Where every bounded image is certified, wrong or attacked,
     * these are all bounded ones. Otherwise the attacks are a sample, and these are the images with both rows: to add
     * those that are certified, and not those that may break, would raise PGD's figure. Without an image in common
     * bounds and attacks can't be compared, and the bounds remain.
     */
    public EpsilonRows comparable() {
        if (base().isEmpty() || !attacked()) {
            return this;
        }
        Set<Integer> bounded = base().stream().map(BoundsRow::index).collect(Collectors.toSet());
        List<AttackRow> common = attacks.stream().filter(row -> bounded.contains(row.index())).toList();
        if (common.isEmpty() && !attacks.isEmpty()) {
            return withoutAttacks();
        }
        Set<Integer> attacked = common.stream().map(AttackRow::index).collect(Collectors.toSet());
        boolean whole = images().stream().allMatch(Evidence::decided);
        Predicate<BoundsRow> kept = row -> whole ? bounded.contains(row.index()) : attacked.contains(row.index());
        SortedMap<Method, List<BoundsRow>> comparable = new TreeMap<>();
        others.forEach((method, rows) -> comparable.put(method, rows.stream().filter(kept).toList()));
        comparable.values().removeIf(List::isEmpty);
        return new EpsilonRows(bounds.stream().filter(kept).toList(), common, suite.map(further -> further.only(whole ? bounded : attacked)),
                comparable, attack, exact, seconds);
    }

    /**
     * Images that an attack broke, or a witness of the cascade's that exact arithmetic confirmed: whatever found a point, it counts.
     */
    public Set<Integer> broken() {
        return Stream.of(attacks.stream().filter(row -> !row.survived()).map(AttackRow::index),
                suite.stream().flatMap(further -> further.rows().stream()).filter(row -> !row.survived()).map(AttackRow::index),
                cascade().stream().filter(row -> !answer(row).stands()).map(BoundsRow::index))
                .flatMap(each -> each).collect(Collectors.toSet());
    }

    /** Images that any method certifies. */
    public Set<Integer> certified() {
        return Stream.concat(bounds.stream(), others.values().stream().flatMap(List::stream))
                .filter(BoundsRow::certified).map(BoundsRow::index).collect(Collectors.toSet());
    }

    /** Images that are right, and of which no row says whether they are robust: no bound certifies them, and nothing broke them. */
    public Set<Integer> open() {
        Set<Integer> certified = certified();
        Set<Integer> broken = broken();
        return base().stream().filter(BoundsRow::cleanCorrect).map(BoundsRow::index)
                .filter(image -> !certified.contains(image) && !broken.contains(image)).collect(Collectors.toCollection(TreeSet::new));
    }

    public long count(Predicate<Evidence> what) {
        return images().stream().filter(what).count();
    }
}

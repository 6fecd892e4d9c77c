package dev.bulwark.results;

import dev.bulwark.bounds.Claim;
import dev.bulwark.bounds.Method;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The rows of one epsilon.
 *
 * @param bounds  what IBP certifies, with the last layer elided and by its output box
 * @param attacks what PGD achieved, often on fewer images
 * @param others  what further methods certify, often on fewer images; none of the lists is empty
 * @param attack  what ran, as {@link AttackRecord} names it; with a name and no attacks, there was nothing to attack
 * @param exact   the epsilon that was typed, where no double prints as it: {@code 8/255}
 */
public record EpsilonRows(List<BoundsRow> bounds, List<AttackRow> attacks, SortedMap<Method, List<BoundsRow>> others,
        Optional<String> attack, Optional<String> exact) {

    public EpsilonRows {
        bounds = List.copyOf(bounds);
        attacks = List.copyOf(attacks);
        others = Collections.unmodifiableSortedMap(new TreeMap<>(others));
    }

    /** Without further methods. */
    public EpsilonRows(List<BoundsRow> bounds, List<AttackRow> attacks) {
        this(bounds, attacks, new TreeMap<>(), Optional.empty(), Optional.empty());
    }

    /** Where every row is of the decimal that its number prints as. */
    public EpsilonRows(List<BoundsRow> bounds, List<AttackRow> attacks, SortedMap<Method, List<BoundsRow>> others,
            Optional<String> attack) {
        this(bounds, attacks, others, attack, Optional.empty());
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
        return new EpsilonRows(bounds, List.of(), others, Optional.empty(), exact);
    }

    /** Whether PGD ran: with a name and without rows, there was nothing to attack. */
    public boolean attacked() {
        return !attacks.isEmpty() || attack.isPresent();
    }

    /** A bounded image each, or an attacked one where there are no bounds. */
    public List<Evidence> images() {
        if (bounds.isEmpty()) {
            return attacks.stream().map(row -> new Evidence(Optional.empty(), Optional.of(row))).toList();
        }
        Map<Integer, AttackRow> attackOf = attacks.stream()
                .collect(Collectors.toMap(AttackRow::index, Function.identity()));
        return bounds.stream()
                .map(row -> new Evidence(Optional.of(row), Optional.ofNullable(attackOf.get(row.index())))).toList();
    }

    /**
     * The rows of the images on which all figures stand. Where every bounded image is certified, wrong or attacked,
     * these are all bounded ones. Otherwise the attacks are a sample, and these are the images with both rows: to add
     * those that are certified, and not those that may break, would raise PGD's figure. Without an image in common
     * bounds and attacks can't be compared, and the bounds remain.
     */
    public EpsilonRows comparable() {
        if (bounds.isEmpty() || !attacked()) {
            return this;
        }
        Set<Integer> bounded = bounds.stream().map(BoundsRow::index).collect(Collectors.toSet());
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
        return new EpsilonRows(bounds.stream().filter(kept).toList(), common, comparable, attack, exact);
    }

    public long count(Predicate<Evidence> what) {
        return images().stream().filter(what).count();
    }
}

package dev.bulwark.lab;

import dev.bulwark.lab.Discussion.Finding;
import dev.bulwark.lab.Discussion.Verdict;
import dev.bulwark.report.Phrase;
import dev.bulwark.results.CertificateRow;
import dev.bulwark.results.EpsilonRows;
import dev.bulwark.results.Evidence;
import dev.bulwark.results.RunFolder;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** What a certificate says and an attack does not: the lab report's section on the distinction, from these rows. */
final class GuaranteeDiscussion {

    private final RunFolder run;

    GuaranteeDiscussion(RunFolder run) {
        this.run = run;
    }

    /** Empty where nothing was both bounded and attacked. */
    Optional<Discussion> write() {
        List<EpsilonRows> both = run.ibp().values().stream()
                .filter(rows -> !rows.bounds().isEmpty() && !rows.attacks().isEmpty())
                .map(EpsilonRows::comparable).filter(rows -> !rows.attacks().isEmpty()).toList();
        if (both.isEmpty()) {
            return Optional.empty();
        }
        long certified = count(both, Evidence::certified);
        long checked = count(both, Evidence::crossChecked);
        long broken = count(both, image -> image.attacked() && !image.stands());
        long differences = count(both, Evidence::claimsDiffer);
        long survived = count(both, image -> image.attacked() && image.stands());
        long known = count(both, image -> image.crossChecked() && image.stands());
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("IBP certified \u2264 truly robust \u2264 PGD empirical.", Verdict.AGREES, """
                Checked image by image: PGD attacked %s of %s certified cases and broke the real-number network, of which \
                certificates speak, in none. A single one would have stopped this report.%s""".formatted(
                Phrase.count(checked), Phrase.count(certified), differences == 0 ? "" : " In " + Phrase.count(differences)
                + " the float network's rounding alone misclassifies an input.")));
        findings.add(new Finding("PGD accuracy is no guarantee.", Verdict.AGREES, """
                PGD failed on %s cases; for %s of them nothing is known but this failure."""
                .formatted(Phrase.count(survived), Phrase.count(survived - known))));
        findings.addAll(smoothing());
        String prose = """
                Over all \u03b5, %s pairs of image and network were bounded. IBP certifies %s of them: no input in the box \
                changes the answer, whoever looks for one. PGD attacked %s, those that are right and not certified and %s \
                certified ones, and broke %s, %s of them certified. The two statements differ in kind: the first holds for \
                every attacker, the second only reports on one."""
                .formatted(Phrase.count(count(both, image -> true)), Phrase.count(certified),
                        Phrase.count(count(both, Evidence::attacked)), Phrase.count(checked), Phrase.count(broken),
                        differences == 0 ? "none"
                        : Phrase.count(count(both, image -> image.attacked() && image.claimsDiffer())));
        return Optional.of(new Discussion("guarantee", "Certified against empirical robustness", List.of(prose),
                findings));
    }

    private static long count(List<EpsilonRows> all, Predicate<Evidence> what) {
        return all.stream().mapToLong(rows -> rows.count(what)).sum();
    }

    /** An abstention is no claim, but its votes might have led to a false one: alpha counts every image that was tried. */
    private List<Finding> smoothing() {
        List<CertificateRow> tried = run.certificates().flatMap(rows -> rows.certificates().stream())
                .toList();
        long certified = tried.stream().filter(row -> row.predict().isPresent()).count();
        if (certified == 0) {
            return List.of();
        }
        BigDecimal expected = BigDecimal.valueOf(tried.stream().mapToDouble(CertificateRow::alpha).sum())
                .setScale(1, RoundingMode.HALF_UP);
        return List.of(new Finding("Smoothing's certificates, too, are guaranteed mathematically.", Verdict.PARTLY, """
                Each is false with probability at most \u03b1 = %s: of %s certificates, %s may be expected to be false at \
                worst. And they speak of the smoothed classifier, which takes thousands of noisy passes an answer, not of \
                the network alone.""".formatted(BigDecimal.valueOf(tried.get(0).alpha()).toPlainString(),
                Phrase.count(certified), expected)));
    }
}

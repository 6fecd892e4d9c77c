package dev.bulwark.report;

import dev.bulwark.report.Discussion.Finding;
import dev.bulwark.report.Discussion.Verdict;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a certificate says and an attack does not: the lab report's section on the distinction, from these rows. */
final class GuaranteeDiscussion {

    private final RunFolder run;

    GuaranteeDiscussion(RunFolder run) {
        this.run = run;
    }

    /** Empty where nothing was both bounded and attacked. */
    Optional<Discussion> write() {
        List<Table2.Rows> both = run.ibp().values().stream()
                .filter(rows -> !rows.bounds().isEmpty() && !rows.attacks().isEmpty())
                .map(Table2.Rows::comparable).filter(rows -> !rows.bounds().isEmpty()).toList();
        if (both.isEmpty()) {
            return Optional.empty();
        }
        long images = both.stream().mapToLong(rows -> rows.bounds().size()).sum();
        long certified = both.stream().flatMap(rows -> rows.bounds().stream()).filter(BoundsRow::certified).count();
        long broken = both.stream().flatMap(rows -> rows.attacks().stream())
                .filter(row -> row.cleanCorrect() && row.broken()).count();
        long survived = both.stream().flatMap(rows -> rows.attacks().stream()).filter(AttackRow::survived).count();
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("IBP certified \u2264 truly robust \u2264 PGD empirical.", Verdict.AGREES, """
                Checked image by image: of %s certificates, none was broken by PGD. A single one would have stopped this \
                report.""".formatted(Phrase.count(certified))));
        findings.add(new Finding("PGD accuracy is no guarantee.", Verdict.AGREES, """
                PGD failed on %s cases; for %s of them nothing is known but this failure."""
                .formatted(Phrase.count(survived), Phrase.count(survived - certified))));
        findings.addAll(smoothing());
        String prose = """
                Over all \u03b5, %s pairs of image and network were both bounded and attacked. IBP certifies %s of them: no \
                input in the box changes the answer, whoever looks for one. PGD broke %s, none of them certified. The two \
                statements differ in kind: the first holds for every attacker, the second only reports on one."""
                .formatted(Phrase.count(images), Phrase.count(certified), Phrase.count(broken));
        return Optional.of(new Discussion("guarantee", "Certified against empirical robustness", List.of(prose),
                findings));
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

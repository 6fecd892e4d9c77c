package dev.bulwark.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A certificate by randomized smoothing, as {@code certify --certificates} writes it, and whether its votes support its
 * claim: with probability at least 1 - alpha over the noise, the class {@code predict} has a probability of at least {@code
 * p_a_lower}, and so the smoothed classifier answers it within {@code radius} in l2 (Cohen et al. 2019, theorem 1).
 *
 * <p>Nothing is solved here: {@code p_a_lower} is a bound of Clopper and Pearson if and only if that many votes or more
 * have at most probability alpha under it, and a radius is supported if and only if Phi(radius / sigma) is at most {@code
 * p_a_lower}. Both are evaluated in decimals, rounded against the claim.
 *
 * <p>Of a row with {@code "sampling":"sequential"}, {@code p_a_lower} is supported if it is at least 1/4 and the wealth of
 * {@code samples = k + m} votes against p = {@code p_a_lower} is at least 1 / alpha, k being {@code count}: the integral of
 * {@code q^(k-1/2) (1-q)^(m-1/2)} over (p, 1), divided by {@code p^k (1-p)^m} and by the integral of
 * {@code q^(-1/2) (1-q)^(-1/2)}. Under any probability up to p, that is a supermartingale that starts at 1. As a quotient of
 * series it is {@code G / ((2m + 1) H)}, where the term of G with number j is the product of
 * {@code (samples + i) (1-p) / (m + i + 1/2)}, and that of H of {@code i (1-p) / (i + 1/2)}, over i from 1 to j. Nothing is
 * claimed below 1/4.
 *
 * @param predict    the certified class; -1 for an abstention
 * @param count      estimation votes of the guessed class, of {@code samples}
 * @param discrete   whether the noise is whole bytes, with the decimal sigma; else it is normal, with the float nearest to it
 * @param sequential whether sampling stopped for what it had found
 * @param samples    estimation samples that were drawn; n where their number was fixed
 */
public record SmoothingCertificate(int index, int label, int predict, double radius, double pALower, long count, List<Long> counts,
                                   long n0, long n, double alpha, double sigma, long seed, boolean discrete, boolean sequential,
                                   long samples) {

    private static final JsonMapper JSON = JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
    private static final long MOST = 100_000_000;
    /** By how much less may be claimed than is supported. */
    private static final double LOSS = 3e-6;
    /** Nothing below is claimed of sequential sampling. */
    private static final double LEAST = 0.25;
    private static final BigDecimal NEGLIGIBLE = new BigDecimal("1e-25");
    private static final MathContext UP = new MathContext(30, RoundingMode.UP);
    private static final MathContext DOWN = new MathContext(30, RoundingMode.DOWN);
    /** The square root of 2 pi, cut off. */
    private static final BigDecimal ROOT = new BigDecimal("2.5066282746310005024157652848110");

    public SmoothingCertificate {
        counts = List.copyOf(counts);
    }

    /** Whether a line may be one. */
    public static boolean isOne(String line) {
        return line.startsWith("{\"index\":") && line.contains("\"p_a_lower\":") && line.endsWith("}");
    }

    /** @throws AuditException if it is none */
    public static SmoothingCertificate read(String line) {
        try {
            JsonNode row = JSON.readTree(line);
            List<Long> counts = new ArrayList<>();
            row.path("counts").forEach(votes -> counts.add(whole(votes, "counts")));
            boolean sequential = word(row.path("sampling"), "sampling", "fixed", "sequential").equals("sequential");
            boolean discrete = word(row.path("noise"), "noise", "gaussian", "discrete").equals("discrete");
            long n = whole(row.path("n"), "n");
            return new SmoothingCertificate((int) whole(row.path("index"), "index"), (int) whole(row.path("label"), "label"),
                    row.path("predict").asInt() == -1 ? -1 : (int) whole(row.path("predict"), "predict"), number(row,
                            "radius"),
                    number(row, "p_a_lower"), whole(row.path("count"), "count"), counts, whole(row.path("n0"), "n0"),
                    n, number(row, "alpha"), number(row, "sigma"), seed(row.path("seed")), discrete, sequential,
                    row.has("samples") ? whole(row.path("samples"), "samples") : n);
        } catch (JsonProcessingException e) {
            throw new AuditException("is not JSON: " + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
    }

    private static long whole(JsonNode value, String what) {
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0 || value.longValue() > MOST) {
            throw new AuditException(what + " is missing, or no number of this kind");
        }
        return value.longValue();
    }

    /** The word of a field, the first where there is none. */
    private static String word(JsonNode value, String what, String... known) {
        String said = value.isMissingNode() ? known[0] : value.asText();
        if (!List.of(known).contains(said)) {
            throw new AuditException(what + " is " + value + ", which this checker does not know");
        }
        return said;
    }

    private static long seed(JsonNode value) {
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new AuditException("seed is missing, or no whole number");
        }
        return value.longValue();
    }

    private static double number(JsonNode row, String field) {
        JsonNode value = row.path(field);
        if (!value.isNumber() || !Double.isFinite(value.doubleValue()) || value.doubleValue() < 0) {
            throw new AuditException(field + " is missing, or no number of this kind");
        }
        return value.doubleValue();
    }

    /** What is wrong with it; empty where the votes support what it claims. */
    public Optional<String> complaint() {
        long votes = counts.stream().mapToLong(Long::longValue).sum();
        if (label >= counts.size() || predict >= counts.size() || votes > samples || n0 < 1
                || samples < 1 || samples > n || !sequential && samples != n || !(alpha > 0 && alpha < 1)
                || !((float) sigma > 0)
                || !(pALower <= 1)) {
            return Optional.of("label, predict, counts, n0, n, samples, alpha, sigma and p_a_lower don't fit one another");
        }
        if (predict < 0 ? !counts.contains(count) : counts.get(predict) != count) {
            return Optional.of("count is " + count + ", which counts do not have");
        }
        String from = sequential ? "count, samples and alpha" : "count, n and alpha";
        if (!supported(pALower)) {
            return Optional.of("p_a_lower claims " + pALower + ", more than " + from + " support");
        }
        if (moreIsSupported()) {
            return Optional.of("p_a_lower claims " + pALower + ", less than " + from + " make it");
        }
        if (predict >= 0 != pALower > 0.5 || predict < 0 && radius != 0) {
            return Optional.of("predict is " + predict + " and radius " + radius + ", but p_a_lower is " + pALower);
        }
        if (predict >= 0 && distribution(radius).compareTo(new BigDecimal(pALower)) > 0) {
            return Optional.of("radius claims " + radius + ", more than p_a_lower and sigma support");
        }
        if (predict >= 0 && distribution(radius * (1 + LOSS) + 1e-9).compareTo(new BigDecimal(pALower)) <= 0) {
            return Optional.of("radius claims " + radius + ", less than p_a_lower and sigma make it");
        }
        return Optional.empty();
    }

    private boolean supported(double p) {
        if (sequential) {
            return p == 0 || p >= LEAST && p < 1 && isWealthy(p);
        }
        return tail(p, UP).compareTo(new BigDecimal(alpha)) <= 0;
    }

    private boolean moreIsSupported() {
        double more = Math.min(1, pALower * (1 + LOSS) + 1e-9);
        return sequential ? supported(Math.max(more, LEAST)) : tail(more, DOWN).compareTo(new BigDecimal(alpha)) <= 0;
    }

    /** Whether the wealth against p is at least 1 / alpha, of which a part is summed. */
    private boolean isWealthy(double p) {
        BigDecimal no = BigDecimal.ONE.subtract(new BigDecimal(p));
        long misses = samples - count;
        BigDecimal prior = BigDecimal.ONE;
        BigDecimal term = BigDecimal.ONE;
        for (long i = 1; term.compareTo(NEGLIGIBLE) > 0; ++i) {
            term = term.multiply(no, UP).multiply(BigDecimal.valueOf(2 * i), UP).divide(BigDecimal.valueOf(2 * i + 1), UP);
            prior = prior.add(term, UP);
        }
        prior = prior.add(term.divide(new BigDecimal(p), UP), UP); // later terms fall by 1 - p each, or faster
        BigDecimal enough = prior.multiply(BigDecimal.valueOf(2 * misses + 1), UP).divide(new BigDecimal(alpha), UP);
        BigDecimal sum = BigDecimal.ONE;
        term = BigDecimal.ONE;
        for (long i = 1; sum.compareTo(enough) < 0; ++i) {
            BigDecimal next = term.multiply(no, DOWN).multiply(BigDecimal.valueOf(2 * (samples + i)), DOWN)
                    .divide(BigDecimal.valueOf(2 * (misses + i) + 1), DOWN);
            if (next.compareTo(term) < 0 && next.compareTo(sum.multiply(NEGLIGIBLE, DOWN)) < 0) {
                return false;
            }
            term = next;
            sum = sum.add(term, DOWN);
        }
        return true;
    }

    /** The probability of {@code count} successes or more of n, each of probability p: every step is rounded to one side. */
    private BigDecimal tail(double p, MathContext rounding) {
        if (count == 0 || p == 1) {
            return BigDecimal.ONE;
        }
        if (p == 0) {
            return BigDecimal.ZERO;
        }
        BigDecimal yes = new BigDecimal(p);
        BigDecimal no = BigDecimal.ONE.subtract(yes);
        BigDecimal odds = no.divide(yes, rounding);
        BigDecimal term = power(yes, n, rounding);
        BigDecimal sum = term;
        for (long j = n; j > count; --j) {
            term = term.multiply(odds, rounding).multiply(BigDecimal.valueOf(j), rounding).divide(BigDecimal.valueOf(n - j
                    + 1), rounding);
            sum = sum.add(term, rounding);
        }
        return sum;
    }

    private static BigDecimal power(BigDecimal base, long exponent, MathContext rounding) {
        BigDecimal power = BigDecimal.ONE;
        BigDecimal square = base;
        for (long left = exponent; left > 0; left >>= 1) {
            power = (left & 1) == 1 ? power.multiply(square, rounding) : power;
            square = square.multiply(square, rounding);
        }
        return power;
    }

    /** The standard deviation that noise is drawn with. */
    private BigDecimal drawn() {
        return discrete ? BigDecimal.valueOf(sigma) : new BigDecimal((float) sigma);
    }

    /**
     * At least Phi(r / sigma), sigma being the one that noise is drawn with: {@code 1/2 + phi(x) (x + x^3 / 3 + x^5 / (3
     * 5) + ...)}.
     */
    private BigDecimal distribution(double r) {
        BigDecimal x = new BigDecimal(r).divide(drawn(), UP);
        if (x.compareTo(BigDecimal.TEN) > 0) {
            return BigDecimal.ONE;
        }
        BigDecimal square = x.multiply(x, UP);
        BigDecimal term = x;
        BigDecimal sum = x;
        for (int k = 3; term.compareTo(new BigDecimal("1e-29")) > 0
                || square.compareTo(BigDecimal.valueOf(k / 2)) > 0; k += 2) {
            term = term.multiply(square, UP).divide(BigDecimal.valueOf(k), UP);
            sum = sum.add(term, UP);
        }
        sum = sum.add(term, UP); // at least all that follow: each is less than half of the one before
        // x is rounded up, so that exp(-x^2 / 2) must be taken of what is not above x^2.
        BigDecimal below = new BigDecimal(r).divide(drawn(), DOWN);
        BigDecimal half = below.multiply(below, DOWN).divide(BigDecimal.valueOf(2), DOWN);
        BigDecimal exponential = BigDecimal.ONE;
        BigDecimal part = BigDecimal.ONE;
        for (int k = 1; k < 400; ++k) {
            part = part.multiply(half, DOWN).divide(BigDecimal.valueOf(k), DOWN);
            exponential = exponential.add(part, DOWN);
        }
        return new BigDecimal("0.5").add(sum.divide(exponential.multiply(ROOT, DOWN), UP), UP);
    }
}

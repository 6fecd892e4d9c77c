package dev.bulwark.results;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import dev.bulwark.device.NoiseLaw;
import dev.bulwark.stats.Sampling;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Everything that one randomized-smoothing certificate rests on, so that it can be checked without the network.
 *
 * @param predict the certified class, guessed from the {@code n0} selection samples; empty where it abstains
 * @param radius  certified L2 radius in input units, already rounded down; 0 where it abstains
 * @param pALower lower confidence bound of the guessed class's probability
 * @param count   estimation votes for the guessed class, also where the row abstains
 * @param counts  estimation votes of every class; they add up to {@code samples}, or less where logits were NaN and no class
 *                got a vote
 * @param n0      selection samples
 * @param n       estimation samples at most, never shared with selection
 * @param alpha   probability that the claim is false
 * @param sigma   noise standard deviation in input units
 * @param seed    seed of the noise
 * @param noise    how the noise is distributed; rows of earlier versions do not have the field, and rest on Gaussian noise
 * @param sampling how it was decided when to stop; rows of earlier versions do not have the field, and rest on n samples
 * @param samples  estimation samples that were drawn; rows of earlier versions do not have the field
 */
public record CertificateRow(int index, int label, OptionalInt predict, double radius,
        @JsonProperty("p_a_lower") double pALower, long count, List<Long> counts, long n0, long n,
        double alpha, double sigma, long seed,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.NoiseReader.class)
        Optional<NoiseLaw> noise,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.SamplingReader.class)
        Optional<Sampling> sampling,
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        @JsonSerialize(using = JsonFields.OptionalWriter.class) @JsonDeserialize(using = JsonFields.CountReader.class)
        Optional<Long> samples) implements Row {

    public static final RowFormat<CertificateRow> FORMAT =
            new JsonLines<>(CertificateRow.class, RadiusRule::requireSupported, "noise", "sampling", "samples");

    public CertificateRow {
        counts = List.copyOf(counts);
        Require.notNegative("index", index);
        Require.classOf("label", label, counts.size());
        Require.finiteNotNegative("radius", radius);
        Require.that(pALower >= 0 && pALower <= 1, "p_a_lower must be a probability: " + pALower);
        Require.that(n0 > 0, "n0 must be positive: " + n0);
        Require.that(alpha > 0 && alpha < 1, "alpha must lie between 0 and 1: " + alpha);
        Require.that(sigma > 0 && Double.isFinite(sigma), "sigma must be finite and positive: " + sigma);
        counts.forEach(votes -> Require.notNegative("counts", votes));
        long votes = counts.stream().mapToLong(Long::longValue).sum();
        Require.that(n > 0, "n must be positive: " + n);
        long drawn = samples.orElse(n);
        Require.that(drawn > 0 && drawn <= n && (drawn == n || sampling.orElse(Sampling.FIXED) != Sampling.FIXED),
                "samples is " + drawn + ", but n is " + n);
        Require.that(votes <= drawn, "counts add up to " + votes + ", but " + (drawn == n ? "n" : "samples") + " is " + drawn);
        Require.that(counts.contains(count), "count is " + count + ", which no class has in counts " + counts);
        if (predict.isPresent()) {
            Require.classOf("predict", predict.getAsInt(), counts.size());
            long predicted = counts.get(predict.getAsInt());
            Require.that(predicted == count, "count is " + count + ", but counts has " + predicted + " for predict");
            Require.that(pALower > 0.5, "a certified row needs p_a_lower > 0.5: " + pALower);
        } else {
            Require.that(radius == 0, "an abstention has no radius, but it is " + radius);
        }
    }

    /**
     * What is said about the image, and with which confidence.
     *
     * @param predict as the row's, as is all else
     */
    public record Claim(OptionalInt predict, double radius, double pALower) {
    }

    /** The estimation votes: for the guessed class, and for every class. */
    public record Votes(long count, List<Long> counts) {
    }

    /** How the image was sampled, and at which risk: but for {@link #sequentially}, n samples. */
    public record Draws(long n0, long n, double alpha, Noise noise) {

        /** With Gaussian noise. */
        public Draws(long n0, long n, double alpha, double sigma, long seed) {
            this(n0, n, alpha, new Noise(NoiseLaw.GAUSSIAN, sigma, seed));
        }

        /** Draws that stopped early. @param samples estimation samples by then */
        public Stopped sequentially(long samples) {
            return new Stopped(this, Sampling.SEQUENTIAL, samples);
        }
    }

    /** @param sigma standard deviation, in input units */
    public record Noise(NoiseLaw law, double sigma, long seed) {
    }

    /** How many estimation samples were drawn, and how it was decided when to stop. */
    public record Stopped(Draws draws, Sampling sampling, long samples) {
    }

    public static CertificateRow of(int index, int label, Claim claim, Votes votes, Draws draws) {
        return of(index, label, claim, votes, new Stopped(draws, Sampling.FIXED, draws.n));
    }

    public static CertificateRow of(int index, int label, Claim claim, Votes votes, Stopped stopped) {
        Draws draws = stopped.draws;
        return new CertificateRow(index, label, claim.predict, claim.radius, claim.pALower, votes.count, votes.counts,
                draws.n0, draws.n, draws.alpha, draws.noise.sigma, draws.noise.seed, Optional.of(draws.noise.law),
                Optional.of(stopped.sampling), Optional.of(stopped.samples));
    }

    /** Estimation samples that were drawn. */
    public long drawn() {
        return samples.orElse(n);
    }

    /** How the noise is distributed. */
    public NoiseLaw law() {
        return noise.orElse(NoiseLaw.GAUSSIAN);
    }

    /** How it was decided when to stop. */
    public Sampling sampledBy() {
        return sampling.orElse(Sampling.FIXED);
    }

    /**
     * The class with the most estimation votes, the first of equals: what the smoothed classifier says without abstaining.
     */
    public int mostVoted() {
        int best = 0;
        for (int c = 1; c < counts.size(); ++c) {
            if (counts.get(c) > counts.get(best)) {
                best = c;
            }
        }
        return best;
    }

    /** The same certificate as locuslab's file has it; the time is not known. */
    public SmoothingRow withoutVotes() {
        return new SmoothingRow(index, label, predict, radius, Duration.ZERO);
    }
}

/**
 * Certificates of bounds that somebody else can check, and a small checker for them. It shares no code with the verifier:
 * of this program it uses digests and gzip files alone ({@code dev.bulwark.files}), and it reads networks from their
 * safetensors files itself. Images are handed to it; their digest says whether they are the certificate's.
 *
 * <h2>The format</h2>
 *
 * <p>JSON lines, plain or gzip, an object for each image:
 *
 * <ul>
 * <li>{@code format}: {@code bulwark-bounds-1};
 * <li>{@code index}, {@code label}: of the image in its data set, from 0;
 * <li>{@code epsilon}: a decimal or a fraction of two, as text, exactly; {@code norm}: {@code inf}, {@code 2} or {@code 1}.
 *     The claim is about all real points of [0, 1]^D within this distance of the image;
 * <li>{@code method}: what found the claim; nothing is concluded from it;
 * <li>{@code claim}: {@code real} if the claim is about the network of real numbers with the file's weights, F64 weights
 *     rounded to the nearest float. Only such claims are checked;
 * <li>{@code verdict}: {@code certified}: the label's logit exceeds all others everywhere in the ball; {@code falsified}:
 *     at one point it does not; {@code undecided}: nothing;
 * <li>{@code model_sha256}: of the network's file;
 * <li>{@code image_sha256}: of the image's bytes, channel by channel, row by row, where {@code centre} is {@code byte}:
 *     element k stands for k / 255 exactly; or of big-endian IEEE floats that stand for themselves, where it is {@code
 *     float};
 * <li>{@code margin_lower}, of certified rows: by class, at most {@code logit[label] - logit[class]} in the ball; null at
 *     the label;
 * <li>{@code witness}, of falsified rows: that point;
 * <li>{@code proof}, of certified rows that the rules below do not prove by themselves: {@code open}, for each hidden layer
 *     a bit set of its units in base 64 (unit j is bit j % 8, from the lowest, of byte j / 8); and {@code margins}, by
 *     class a tree. Its inner nodes split: {@code layer} (hidden layers count from 0; -1 means inputs), {@code unit} (of a
 *     convolution: channel by channel, each row by row), {@code at}; {@code below} is where what the unit's ReLU reads, or
 *     the input, is at most that, and {@code above} where it is at least that. Leaves may have {@code slopes}, in base 64 a
 *     byte k for each unit of {@code open}, layer by layer, that stands for the slope k / 255; and {@code multipliers},
 *     numbers that are not negative, of the splits above it, from the root on. There may be {@code sides}: ends of the
 *     intervals of hidden units, with {@code layer} (from 1), {@code unit}, {@code end} ({@code lower} or {@code upper})
 *     and {@code slopes}, a byte for each unit of {@code open} in the layers before that one.
 * </ul>
 *
 * <p>A proof is a hint. Any slopes in [0, 1] and any multipliers that are not negative give true bounds, and the two sides
 * of a split cover what is split, so that no proof makes a false claim look true.
 *
 * <h2>The argument</h2>
 *
 * <p>Write z[k] = W[k] h[k] + b[k] for what layer k makes of h[k], h[0] being the input and h[k+1] = relu(z[k]). Each step
 * below replaces a linear form {@code a h + c} by another one that is nowhere above it in real numbers; doubles round, and
 * what they may lose is taken off c. Products and sums of doubles are off by at most {@code n u / (1 - n u)} times the sum
 * of the terms' magnitudes ({@code Rounding}).
 *
 * <ol>
 * <li><b>Ball.</b> {@code k / 255 - epsilon} and {@code k / 255 + epsilon} are rounded outward from exact fractions
 *     ({@code Ball}).
 * <li><b>Intervals</b> go forward, outward; of a unit whose upper end is not positive the output is 0, so that it is left
 *     out.
 * <li><b>Units</b> whose sign intervals leave open are bounded on both sides by forms that go back ({@code W[k]}'s rows and
 *     their negatives) by the rule for all: lower slope 1 where the unit's interval has more above 0 than below, else 0. The
 *     tighter end of each pair is kept ({@code Domain}). Ends for which the proof has {@code sides} are bounded once more,
 *     with these slopes, before anything rests on them ({@code Sides}).
 * <li><b>Going back</b> ({@code Backward}). ReLU: {@code a relu(z) >= a s z} where a is positive, for a slope s in
 *     [0, 1]; {@code a relu(z) >= a u / (u - l) (z - l)} where it is negative and l &lt; 0 &lt; u. Half-space: where z is
 *     at least b, {@code a z >= (a - m) z + m b} for any multiplier m that is not negative. Layer: {@code t z = (t W) h + t
 *     b}, where the computed {@code t W} is off, element by element, by at most {@code g |t| |W|}, so that c pays {@code g
 *     |t| (|W| max |h|)}. End: over a box the form is least at a corner; over an l2 or l1 ball also at least {@code a x -
 *     epsilon |a|} with the dual norm.
 * <li><b>Margins</b> begin with {@code W[label] - W[class]} of the last layer. They are bounded by intervals, by the rule
 *     for all and by their trees; the best counts. In a domain of a tree, the cut unit's interval is cut, those of later
 *     layers are propagated from it and cut with those of the whole ball; where inputs are cut, all units are bounded anew.
 *     Where intervals do not meet, the domain is empty. A split's bound is the lesser of its parts'.
 * <li><b>Witnesses</b> must lie in the ball, by exact fractions; the network is evaluated there in intervals, and where
 *     these do not tell, exactly.
 * </ol>
 *
 * <p>A row is proven if all margins are shown to be positive and at least what the row claims, up to a millionth.
 * {@link dev.bulwark.audit.Prover} completes certificates: it looks for slopes and splits by the same arithmetic.
 */
package dev.bulwark.audit;

/**
 * Deterministic certificates against l-infinity perturbations: bounds of the logits over a box of inputs, and what they
 * prove. By interval bound propagation (Mirman et al. 2018, Gowal et al. 2019), by CROWN-IBP (Zhang et al. 2020), by DeepPoly
 * (Singh et al. 2019), by CROWN (Zhang et al. 2018), by alpha-CROWN (Xu et al. 2021) and by branch and bound (Wang et al. 2021).
 *
 * <p><b>The claim.</b> Bounds hold for the <i>real-number</i> network, or for {@linkplain
 * dev.bulwark.bounds.Claim#DEPLOYED every float32 evaluation}, of which the last section speaks. The first is the network
 * with the given float weights, at every real point of the ball: only the device's outward operations go into them, and
 * products whose rounding is accounted for. A float forward pass may differ from that network by its rounding, and {@code
 * FloatPass} says by how much at most; where it misclassifies an input of a certified box, {@link
 * dev.bulwark.bounds.RealNetwork} says whether that network does too.
 *
 * <p><b>The box.</b> A {@link dev.bulwark.data.Ball} has an exact centre c and an exact epsilon, and neither need be a float.
 * The device is given the float x nearest to c, how far c may lie from x (2^-24 x, for x was rounded to nearest) and a double
 * not below epsilon; its box begins at or below c - epsilon and ends at or above c + epsilon, cut to [0, 1].
 *
 * <h2>What is not known</h2>
 *
 * <p>A network of finite weights may have values beyond the largest float, and its bounds may be so long before. An interval
 * with such an end is <i>unknown</i>, NaN at both ends, and so is all that depends on it: sums, lines, and a ReLU's output,
 * of which it would be true that it is not negative. A sigmoid, a hyperbolic tangent and a clip with two ends forget what is
 * unknown: their own bounds hold of any real number. A float network has infinities and NaN from there on, so overflow
 * certifies nothing. But a weight or a coefficient of exactly 0 takes no
 * part in a sum, whatever it is multiplied by: {@code 0 h = 0} for every real h, and no float product with 0 is off by
 * anything. No bound is ever taken from an infinity less an infinity or from 0 times one. A bound that is not known is
 * infinite in {@link dev.bulwark.bounds.Bounds}.
 *
 * <h2>Why CROWN's floats prove something about real numbers</h2>
 *
 * <p>Write h0 for the input, z[k] = W[k] h[k-1] + b[k] and h[k] = f(z[k]), f a ReLU or another activation. A form is a float
 * vector a and a float c, and stands for the real function a h[k] + c. Going back, it is replaced by another one that is nowhere above it:
 *
 * <ol>
 * <li><b>Start.</b> A logit, and its negative, is a form in the last h exactly. For a margin, W[y] - W[c] is rounded to a,
 *     and c is lowered by what that may cost: the sum over i of |W[y,i] - W[c,i] - a[i]| max h[i].
 * <li><b>ReLU.</b> Where a[j] >= 0, a[j] h[j] >= a[j] s z[j] for any s in [0, 1], as relu(z) >= s z. Where a[j] &lt; 0,
 *     a[j] h[j] >= a[j] (s z[j] + q) for any line s z + q that is not below the ReLU on [l, u]; the ReLU being convex,
 *     it suffices to choose q for a float s so that this holds at l and at u. The coefficient a[j] s is rounded to t[j].
 *     That is a choice, not a claim, once c is lowered by |a[j] s - t[j]| max |z[j]|.
 * <li><b>Other activations.</b> A leaky ReLU of slope p is as a ReLU, with s in [p, 1]. Of a clip, a sigmoid and a hyperbolic
 *     tangent, f, both lines are chosen with the box: s z + q >= f(z) and s' z + q' &lt;= f(z) on [l, u], with float slopes in
 *     [0, 1]. Where a[j] >= 0, a[j] f(z[j]) >= a[j] (s' z[j] + q'), and c takes a[j] q'; the rest is as above. For any
 *     slope s, q must be at least the largest value of f(z) - s z. Of a clip that is taken at l, at u or at the upper bend, for
 *     up to that the difference is convex, and behind it, it falls. A sigmoid and a hyperbolic tangent are convex below 0, where
 *     the largest value is taken at l or at 0 (or u), and concave above. There the difference lies below each of its
 *     tangents: below the one at m >= 0, f(m) - s m + (f'(m) - s)(z - m), whose last term is next to nothing where m is
 *     next to the point with f'(m) = s, and is bounded over the interval whatever m is; from where f is 1 as far as doubles
 *     tell, 1 - s z. f and f' are taken with the margin that {@link dev.bulwark.device.Activations} states. The line below is
 *     that of -f(-z), mirrored, for f(-z) = 1 - f(z) or -f(z).
 * <li><b>Maximum pooling.</b> The largest element of a window is at least any of its elements, so that z[i] is a line below,
 *     with no box at all. Above, it is that same z[i] where all others have upper bounds up to the lower bound of z[i]; else
 *     the largest upper bound u, and c takes a[k] u where a[k] &lt; 0. Coefficients that several windows give to one element
 *     are added, and c pays for that sum's rounding as under Addition.
 * <li><b>Affine</b>, dense or a convolution. t z[k] = (t W[k]) h[k-1] + t b[k]. The product t W[k] is a float product A',
 *     off by at most E[i] at element i, with E[i] = g (|t| + n) (|W| + n)[i], g the relative error of a float sum of that
 *     many products (Higham 2002, section 3.1) and n a tiny number that covers underflow, the sum being over products
 *     without a factor of 0.
 *     So (t W[k]) h >= A' h - sum of E[i] max |h[i]|,
 *     and that sum is (|t| + n) r with r = g (|W| + n) max |h|, one outward affine map for each image and layer: what
 *     all products of all forms are off by costs a dot product each.
 * <li><b>Patches.</b> A unit of a convolution reaches its receptive field alone, so that a form of it is kept as a patch of
 *     coefficients around that (Xu et al. 2020), the others being exactly 0: products are those of the convolution over the
 *     patch. What a patch covers outside the image multiplies padding, which is 0, and is dropped, which rounds nothing.
 * <li><b>Addition.</b> a (h + h') is a form in both, with the same coefficients. Where two ways meet at a value v, a v and
 *     a' v are one form with coefficients a + a', rounded to s; c is lowered by the sum over i of
 *     |a[i] + a'[i] - s[i]| max |v[i]|.
 * <li><b>End.</b> Over the box, a h0 + c is least at a corner.
 * </ol>
 *
 * <h2>Half-spaces</h2>
 *
 * <p>Branch and bound cuts a box with half-spaces of units, {@code z[j] >= t} or {@code z[j] &lt;= t}. What holds within one is
 * that unit's cut interval, and all that is propagated from it; where the intervals of a unit do not meet, there is no such
 * point. And of a form that has just come through the activation, with coefficient a at z[j],
 * {@code a z[j] >= (a - b) z[j] + b t} where {@code z[j] >= t} and b is not negative, and {@code a z[j] >= (a + b) z[j] - b t}
 * where {@code z[j] &lt;= t} (beta-CROWN, Wang et al. 2021). The new coefficient is rounded, to a float a'. As rounding is monotone,
 * a' lies on the same side of a as the number that it stands for, so that {@code b = |a - a'|} is a multiplier too: nothing is
 * paid but for the rounding of {@code b t}. A region is certified when its parts are, which meet in points of both.
 *
 * <h2>Sums and ends</h2>
 *
 * <p>Constants are summed downward at every operation, or in double with the sum's own error taken off. So each
 * replacement holds in real numbers whatever slopes were taken, and whatever the products were off by within E. The boxes
 * [l, u] come from interval propagation, and but for CROWN-IBP from this very argument too, layer by layer; both hold, so
 * the tighter of each pair holds. Where a float on the way back overflows, the form's constant becomes NaN or -infinity at the next
 * step, as an infinite coefficient meets an error term of its own size; such a minimum is unknown.
 *
 * <p>A box [l, u] may be too wide by rounding; that loosens bounds and breaks none. The network of the README (784, 1024,
 * 512, 256, 10; epsilon 0.03) loses 0.04 of margins of about 3 to all of the rounding.
 *
 * <h2>Every float32 evaluation</h2>
 *
 * <p>{@link dev.bulwark.bounds.Claim#DEPLOYED} speaks of the graph as it is written: one that a runtime has folded (a
 * batch normalisation into a convolution, say) is another graph. Take any float32 evaluation of it at a float input, and
 * let z[k], h[k] be <i>its</i> values. All above stays true if a step's real function is replaced by {@code z[k] = W[k]
 * h[k-1] + b[k] + e} with {@code |e| &lt;= d}, d being known from the box of h[k-1]:
 *
 * <ol>
 * <li><b>Sums.</b> A sum of n products and a bias, in any order, fused or not, is off by at most {@code g (|W| |h| +
 *     |b|)}, g = {@link dev.bulwark.device.LinearRelaxations#productError} (Higham 2002, section 3.1). Where subnormal
 *     numbers are taken for 0 or made 0, a product loses at most 2^-126 (1 + |w| + |h|), and a sum three times 2^-126,
 *     which later operations enlarge by 1 + g at most. {@link dev.bulwark.plan.LearnedOperator} takes |w| to be at least
 *     2^-50, and adds 2^-100 |w| and 2^-50 for each product to |b|, of which g times is more than that. d is the sum over
 *     the box's max |h|, outward.
 * <li><b>Other operations.</b> A mean is a sum and a quotient; a scaling and a batch normalisation are taken in any
 *     grouping; an addition is a sum of two; a leaky ReLU is a product. ReLUs, clips, maxima and rearrangements round
 *     nothing, but may flush what they read: whoever reads the result is charged for that, and behind the last value
 *     2^-126 is. Sigmoids and hyperbolic tangents depend on who computes them and are refused.
 * <li><b>Overflow.</b> No partial sum exceeds {@code (1 + g) (|W| |h| + |b|)}. Where (1 + 2 g) times that is beyond the
 *     largest float, d is unknown, and so is the unit, and all that reads it: d counts inputs with weights of 0 too, as 0
 *     times an infinity is NaN, and a clip of what is unknown is unknown. So a unit is known only where no evaluation has
 *     an infinity or a NaN in anything that it depends on.
 * <li><b>Boxes</b> are widened by d as each step makes them.
 * <li><b>Forms.</b> a z[k] &gt;= a (W[k] h[k-1] + b[k]) - |a| d, so d is charged with E. Forms begin at z[k] itself and
 *     not in front of W[k], margins at two logits: exact identities of the real network are none here. IBP's elided
 *     margin W[y] - W[c] stays one of the last h, less d of both logits.
 * <li><b>Half-spaces</b> cut the values of the evaluation, each of which lies on one side, or on both.
 * <li><b>The end.</b> Logits are compared exactly. A tie is no certificate.
 * </ol>
 *
 * <p>The real network is one with e = 0, so that these bounds hold of it too. A counterexample is a point at which a
 * plain float32 forward pass fails, and one at a certified input is a fault.
 */
package dev.bulwark.bounds;

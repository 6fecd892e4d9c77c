/**
 * Deterministic certificates against l-infinity perturbations: bounds of the logits over a box of inputs, and what they
 * prove. So far by interval bound propagation (Mirman et al. 2018, Gowal et al. 2019).
 *
 * <p><b>The claim.</b> Bounds hold for the <i>real-number</i> network with the given float weights, at every real point
 * of the box: only the device's outward operations go into them. A float forward pass may differ from that network by
 * its rounding.
 */
package dev.bulwark.bounds;

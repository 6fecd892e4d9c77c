/**
 * Attacks: searches for perturbed images that the network gets wrong. What they find is empirical, an upper bound on
 * robust accuracy; finding nothing proves nothing.
 */
package dev.bulwark.attack;

/**
 * Attacks: searches for perturbed images that the network gets wrong. What they find is empirical, an upper bound on
 * robust accuracy; finding nothing proves nothing.
 *
 * <p>{@link dev.bulwark.attack.Pgd} is projected gradient descent; {@link dev.bulwark.attack.AttackSuite} runs searches one after
 * the other, each on what still stands, as AutoAttack does. Whatever arithmetic a search is in, float says what is broken, and every
 * witness is checked to lie in its ball exactly.
 */
package dev.bulwark.attack;

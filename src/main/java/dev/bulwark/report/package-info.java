/**
 * Everything that is made from rows alone: the two tables, the curves, the page, runs side by side and the trade-off. What
 * one experiment adds, figures of others and sections of its own, is handed in as an {@code Experiment}.
 *
 * <p>It computes no certificate and runs no network; it only reads, counts and prints, and rounds each printed number
 * against the claim that it makes. It may import {@code results}, through which it reads, {@code stats}, {@code files} and
 * the names of methods in {@code bounds} and {@code attack}.
 */
package dev.bulwark.report;

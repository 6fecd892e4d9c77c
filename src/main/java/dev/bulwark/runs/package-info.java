/**
 * Runs: which images, which settings, which seed, on which device; rows written as they are finished, and a record of
 * everything they depend on, so that a killed run goes on and a finished one can be repeated.
 *
 * <p>It knows no table and no page: what a run leaves are the files of {@code results}. It may import everything below it.
 */
package dev.bulwark.runs;

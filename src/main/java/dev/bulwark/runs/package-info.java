/**
 * Runs: which images, which settings, which seed, on which device; rows written as they are finished, and a record of
 * everything they depend on, so that a killed run goes on and a finished one can be repeated.
 */
package dev.bulwark.runs;

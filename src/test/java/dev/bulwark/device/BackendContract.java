package dev.bulwark.device;

/**
 * What every backend must do, against references in double written here.
 *
 * <p>Each family of operations has a class of its own, which extends the one before it and so adds its tests.
 *
 * <p>Tolerances: a float sum of k products of values of order one is off by at most k * 2^-24 times the sum of absolute
 * values; {@link #close} allows that for the sizes used, and no more.
 */
public abstract class BackendContract extends VotesContract {
}

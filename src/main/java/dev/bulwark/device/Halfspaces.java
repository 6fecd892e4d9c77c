package dev.bulwark.device;

/**
 * Half-spaces of single units that boxes of a batch are cut with, as branch and bound splits them:
 * {@code sign (z - threshold) >= 0} for unit z. A row may have fewer than others.
 *
 * @param units      {@code int [N,count]}: which elements; those that are negative stand for none
 * @param thresholds {@code [N,count]}
 * @param signs      {@code [N,count]}: 1 where the unit is at least the threshold, -1 where it is at most that
 * @param scales     {@code [N,count]}, not negative: what multipliers are measured in
 */
public record Halfspaces(DeviceBuffer units, DeviceBuffer thresholds, DeviceBuffer signs, DeviceBuffer scales, int count) {
}

/**
 * The backend for machines without a GPU, for tests and for statistics: matrix products by oneDNN, one call a worker
 * thread, and plain loops over chunks copied from native memory for everything else. Deliberately thin.
 * {@link dev.bulwark.device.cpu.CpuFamilies} has a class for each family of operations.
 */
package dev.bulwark.device.cpu;

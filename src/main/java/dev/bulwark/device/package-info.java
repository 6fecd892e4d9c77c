/**
 * All that algorithms ask of hardware: {@link dev.bulwark.device.Backend} with its buffers, and the contract of
 * the counter-based random numbers that every backend reproduces bit for bit. It knows nothing of networks or
 * certificates; {@code device.cpu} and {@code device.cuda} implement it, and only the command line chooses between them.
 */
package dev.bulwark.device;

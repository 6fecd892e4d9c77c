/**
 * Networks as values: sealed layers with host weights, their shapes, the safetensors file, and the same network loaded
 * onto a backend. No training, no bounds.
 *
 * <p>{@link dev.bulwark.nn.ModelFile} refuses what it doesn't fully understand: a certificate is about one network, and
 * the file's digest says which.
 */
package dev.bulwark.nn;

/**
 * Networks in files: graphs to and from safetensors and ONNX, and how numbers are stored there. No device.
 *
 * <p>{@link dev.bulwark.model.io.ModelFile} refuses what it doesn't fully understand: a certificate is about one network,
 * and the file's digest says which.
 */
package dev.bulwark.model.io;

/**
 * ONNX models to and from graphs. Bytes in, bytes out: files, digests and other formats belong to
 * {@link dev.bulwark.model.io}, from which nothing is imported here. Protobuf's classes stay in this package.
 *
 * <p>A model is evaluated for one input, as a runtime evaluates it with a batch of one. What only moves elements is kept as
 * an order of elements and becomes an operation of its own only where nothing else can take it up. An operation, an
 * attribute or a shape that is not fully understood is refused by name: a certificate is about exactly one function.
 */
package dev.bulwark.model.io.onnx;

/**
 * Properties of networks in VNN-LIB 1.0, as the verification competition's files have them. Text in, exact decimals out:
 * files and compression belong to {@link dev.bulwark.model.io}, from which nothing is imported here. It knows nothing of
 * floats and bounds.
 *
 * <p>A file describes what must <em>not</em> happen. Whatever is not fully understood is refused with its line.
 */
package dev.bulwark.model.io.vnnlib;

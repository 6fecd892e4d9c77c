/**
 * Properties of networks in VNN-LIB 1.0, as the verification competition's files have them. Text in, exact decimals out:
 * files and compression are {@link dev.bulwark.model.io}'s matter, of which nothing is imported here, and what floats and
 * bounds make of the numbers is not known here.
 *
 * <p>A file describes what must <em>not</em> happen. Whatever is not fully understood is refused with its line.
 */
package dev.bulwark.model.io.vnnlib;

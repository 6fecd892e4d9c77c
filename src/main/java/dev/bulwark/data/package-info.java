/**
 * Labelled images of any one shape and where they come from: file formats, every field of which is checked, each behind
 * {@link dev.bulwark.data.DatasetReader} and opened by {@link dev.bulwark.data.DatasetReaders}; MNIST found on disk or
 * downloaded and checked by digest ({@link dev.bulwark.data.MnistLocator}), and a generated stand-in
 * ({@link dev.bulwark.data.Digits}).
 *
 * <p>Every {@link dev.bulwark.data.Dataset} says what it is, its shape and its number of classes, and carries the digest of
 * its content, so that a result says which data it is about. Whatever is wrong with data is a
 * {@link dev.bulwark.data.DataException} of one line. Batching, augmentation and the choice of test images live above this
 * package.
 */
package dev.bulwark.data;

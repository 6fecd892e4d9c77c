/**
 * Labelled 28 x 28 images and where they come from: IDX files read with suspicion
 * ({@link dev.bulwark.data.IdxReader}), MNIST found on disk or downloaded and checked by digest
 * ({@link dev.bulwark.data.MnistLocator}), and a generated stand-in ({@link dev.bulwark.data.Digits}).
 *
 * <p>Every {@link dev.bulwark.data.Dataset} says what it is and carries the digest of its content, so that no result can
 * pass for one on other data. Whatever is wrong with data is a {@link dev.bulwark.data.DataException} of one line.
 * Batching, augmentation and the choice of test images live above this package.
 */
package dev.bulwark.data;

/**
 * The door for other Java programs: open a device, load a network, certify, verify, attack.
 *
 * <pre>{@code
 * try (Device device = Device.open("auto"); Classifier network = device.load(Path.of("model.safetensors"))) {
 *     Certificate certificate = network.certify(image, 0.5);
 *     Verdict verdict = network.verify(image, label, 0.02, Method.CROWN);
 * }
 * }</pre>
 *
 * <p>Which hardware is used is decided here, for the command line too. Nothing here knows of rows, runs, reports or options,
 * and a program that uses it needs none of the libraries that those do. It may import what makes claims, what reads networks
 * and the devices; never {@code cli}, {@code lab}, {@code report}, {@code runs}, {@code results} or {@code bench}.
 *
 * <p>Images are {@code float[]} of the input's size, channel by channel and row by row, in [0, 1]. A device, and what is
 * loaded onto it, is used by one thread at a time. Failures are {@link dev.bulwark.device.DeviceException} of the device,
 * {@link dev.bulwark.model.io.ModelException} of a file, and {@link java.lang.IllegalArgumentException} of an argument.
 */
package dev.bulwark.api;

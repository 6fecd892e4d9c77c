/**
 * {@link dev.bulwark.device.Backend} on an NVIDIA GPU, through the driver API and the kernels of {@code cuda/}: an NVIDIA
 * driver is all it needs.
 *
 * <p>The only package that imports JCuda. {@link dev.bulwark.device.cuda.CudaFamilies} has a small class for each family of
 * operations; each of these has a {@link dev.bulwark.device.cuda.KernelModule} and launches on the backend's one stream, so
 * operations happen in the order of the calls. What a module was loaded from, machine code or PTX,
 * {@link dev.bulwark.device.cuda.LoadedModule} decides; siblings share it. Every call of the driver goes through
 * {@link dev.bulwark.device.cuda.Driver#check}, which turns a failure into an exception that names the call.
 */
package dev.bulwark.device.cuda;

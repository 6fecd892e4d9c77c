package dev.bulwark.api;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.cuda.CudaBackend;
import dev.bulwark.device.cuda.CudaOptions;
import dev.bulwark.device.cuda.Gpu;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** GPUs opened one after the other; they are closed again where a later one can't be had. */
final class OpenGpus {

    private final CudaOptions options;
    private final List<CudaBackend> opened = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<String> leftOut = new ArrayList<>();

    private OpenGpus(CudaOptions options) {
        this.options = options;
    }

    /**
     * All GPUs that compute alike, at most {@code most}; the description says which were left out, and why.
     *
     * @throws DeviceException if none can be used
     */
    static OpenGpus all(CudaOptions options, int most) {
        List<Gpu> found = Gpu.all();
        List<Gpu> usable = found.stream().filter(gpu -> gpu.complaint().isEmpty()).toList();
        if (usable.isEmpty()) {
            throw new DeviceException(found.get(0).complaint().orElseThrow() + ": use the CPU").advising(Advice.CPU);
        }
        OpenGpus gpus = new OpenGpus(options);
        found.forEach(gpu -> gpu.complaint().ifPresent(gpus.leftOut::add));
        return gpus.open(usable.subList(0, Math.min(most, usable.size())), false);
    }

    /**
     * The GPUs with these numbers, at most {@code most} of them.
     *
     * @throws DeviceException if one can't be used, or computes otherwise than the first
     */
    static OpenGpus of(List<Integer> ordinals, CudaOptions options, int most) {
        List<Gpu> found = Gpu.all();
        List<Gpu> asked = ordinals.subList(0, Math.min(most, ordinals.size())).stream().map(ordinal -> {
            if (ordinal >= found.size()) {
                throw new DeviceException("there is no GPU cuda:" + ordinal + ": the last one is "
                        + found.get(found.size() - 1).option());
            }
            return found.get(ordinal);
        }).toList();
        return new OpenGpus(options).open(asked, true);
    }

    /** @param each whether every one of them was asked for by its number */
    private OpenGpus open(List<Gpu> gpus, boolean each) {
        try {
            gpus.forEach(gpu -> open(gpu, each));
            return this;
        } catch (RuntimeException | Error e) {
            opened.forEach(Backend::close);
            throw e;
        }
    }

    private void open(Gpu gpu, boolean each) {
        CudaBackend backend = CudaBackend.open(gpu.ordinal(), options);
        if (!opened.isEmpty() && !backend.info().arithmetic().equals(opened.get(0).info().arithmetic())) {
            backend.close();
            String complaint = gpu.option() + " (" + gpu.name() + ") rounds otherwise than " + names.get(0);
            if (each) {
                throw new DeviceException(complaint + ", so they can't share the work: name one of them");
            }
            leftOut.add(complaint);
            return;
        }
        opened.add(backend);
        names.add(gpu.option() + " (" + gpu.name() + ")");
    }

    List<CudaBackend> backends() {
        return opened;
    }

    /** Which GPUs these are, and which were left out, in a line. */
    String description() {
        return "running on " + String.join(", ", names)
                + leftOut.stream().map(reason -> "; left out: " + reason).collect(Collectors.joining());
    }
}

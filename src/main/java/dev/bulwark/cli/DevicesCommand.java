package dev.bulwark.cli;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.CudaBackend;
import dev.bulwark.device.cuda.Gpu;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bulwark devices}: what there is to run on, what does which work, and why something can't be used. */
@Command(name = "devices", description = "What there is to run on.")
final class DevicesCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        try {
            Gpu.all().forEach(gpu -> describe(gpu, out));
        } catch (DeviceException e) {
            out.println("cuda: " + e.getMessage());
        }
        try (CpuBackend cpu = CpuBackend.create()) {
            out.println("cpu: " + cpu.info().name() + ", " + cpu.info().workers() + " threads");
            describe(cpu.info(), out);
        }
        return ExitCode.DONE.code();
    }

    private static void describe(Gpu gpu, PrintWriter out) {
        out.printf(Locale.ROOT, "%s: %s, compute capability %s, %.1f GiB, %d multiprocessors%n", gpu.option(), gpu.name(),
                gpu.capabilityName(), gpu.memoryBytes() / (double) (1L << 30), gpu.multiprocessors());
        try (Backend backend = CudaBackend.open(gpu.ordinal())) {
            describe(backend.info(), out);
        } catch (DeviceException e) {
            out.println("  can't be used: " + e.getMessage());
        }
    }

    private static void describe(DeviceInfo info, PrintWriter out) {
        new TreeMap<>(info.libraries()).forEach((what, how) -> out.println("  " + what + ": " + how));
    }
}

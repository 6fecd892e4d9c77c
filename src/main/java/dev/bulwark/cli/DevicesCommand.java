package dev.bulwark.cli;

import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.device.cuda.CudaBackend;
import dev.bulwark.device.cuda.Gpu;
import dev.bulwark.device.cuda.SelfTest;
import dev.bulwark.runs.ExperimentException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bulwark devices}: what there is to run on, what does which work, and why something can't be used. */
@Command(name = "devices", description = "What there is to run on.")
final class DevicesCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Option(names = "--timeout", paramLabel = "S", defaultValue = "60",
            description = "Seconds in which a GPU must answer, loading of the kernels included (default: ${DEFAULT-VALUE}).")
    private double timeout;

    @Option(names = "--check", description = "Launch a kernel of each module on each GPU and compare its result; say what "
            + "the kernels take and, with --debug, what the driver's compiler said. Ends with 4 if a GPU fails.")
    private boolean check;
    /** Whether every GPU that was checked computed rightly. */
    private boolean sound = true;

    @Override
    public Integer call() {
        if (!(timeout > 0)) {
            throw new ExperimentException("--timeout must be positive: " + timeout);
        }
        PrintWriter out = spec.commandLine().getOut();
        TimeLimit limit = new TimeLimit(timeout);
        try {
            limit.on(Gpu::all).ifPresentOrElse(gpus -> gpus.forEach(gpu -> present(gpu, limit, out)),
                    () -> out.println("cuda: the driver " + noAnswer()));
        } catch (DeviceException e) {
            out.println("cuda: " + e.getMessage());
        }
        try (CpuBackend cpu = CpuBackend.create()) {
            out.println("cpu: " + cpu.info().name() + ", " + cpu.info().workers() + " threads");
            describe(cpu.info(), out);
        }
        return (sound ? ExitCode.DONE : ExitCode.DEVICE).code();
    }

    private String noAnswer() {
        return String.format(Locale.ROOT, "did not answer within %.0f s: see whether nvidia-smi does; --timeout waits "
                + "longer", timeout);
    }

    private void present(Gpu gpu, TimeLimit limit, PrintWriter out) {
        describe(gpu, limit, out);
        if (check) {
            sound &= check(gpu, limit, out);
        }
    }

    private void describe(Gpu gpu, TimeLimit limit, PrintWriter out) {
        out.printf(Locale.ROOT, "%s: %s, compute capability %s, %.1f GiB, %d multiprocessors%n", gpu.option(), gpu.name(),
                gpu.capabilityName(), gpu.memoryBytes() / (double) (1L << 30), gpu.multiprocessors());
        try {
            limit.on(() -> info(gpu)).ifPresentOrElse(info -> describe(info, out),
                    () -> out.println("  can't be used: " + gpu.option() + " " + noAnswer()));
        } catch (DeviceException e) {
            out.println("  can't be used: " + e.getMessage());
        }
    }

    /** Whether every module gave the right result in time. */
    private boolean check(Gpu gpu, TimeLimit limit, PrintWriter out) {
        try {
            List<SelfTest.Result> results = limit.on(() -> SelfTest.run(gpu)).orElseThrow(
                    () -> new DeviceException(gpu.option() + " " + noAnswer()));
            results.forEach(result -> tell(result, out));
            return results.stream().allMatch(SelfTest.Result::passed);
        } catch (DeviceException e) {
            out.println("  check FAILED: " + e.getMessage());
            return false;
        }
    }

    private void tell(SelfTest.Result result, PrintWriter out) {
        out.println("  check of " + result.module() + ": " + (result.passed() ? "ok" : "FAILED: " + result.failure())
                + (result.code().isEmpty() ? "" : " (" + result.code() + ")"));
        if (general.debug()) {
            result.log().lines().filter(line -> !line.isBlank()).forEach(line -> out.println("    " + line));
        }
    }

    private static DeviceInfo info(Gpu gpu) {
        try (Backend backend = CudaBackend.open(gpu.ordinal())) {
            return backend.info();
        }
    }

    private static void describe(DeviceInfo info, PrintWriter out) {
        new TreeMap<>(info.libraries()).forEach((what, how) -> out.println("  " + what + ": " + how));
    }
}

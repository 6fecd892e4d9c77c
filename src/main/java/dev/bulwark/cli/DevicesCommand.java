package dev.bulwark.cli;

import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.cpu.CpuBackend;
import java.io.PrintWriter;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code bulwark devices}: what there is to run on, and what does which work. */
@Command(name = "devices", description = "What there is to run on.")
final class DevicesCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        out.println("cuda: this build has no CUDA backend");
        try (CpuBackend cpu = CpuBackend.create()) {
            DeviceInfo info = cpu.info();
            out.println("cpu: " + info.name() + ", " + info.workers() + " threads");
            new TreeMap<>(info.libraries()).forEach((what, how) -> out.println("  " + what + ": " + how));
        }
        return ExitCode.DONE.code();
    }
}

package dev.bulwark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.bulwark.device.Backend;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.experiment.Benchmark;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bulwark bench}: rates of every stage. */
@Command(name = "bench", description = "Measure every stage on random data, with the network 784-1024-512-256-10.")
final class BenchCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private DeviceOptions device;

    @Option(names = "--out", paramLabel = "F.json", description = "Also as JSON.")
    private Path out;

    @Option(names = "--repeats", defaultValue = "5", description = "Measurements of each rate (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(names = "--seconds", defaultValue = "1", description = "Least length of one measurement (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--size", paramLabel = "full|small", defaultValue = "full", description = "Amount of work: small only "
            + "shows that every stage runs, its rates mean little (default: ${DEFAULT-VALUE}).")
    private Benchmark.Size size;

    @Override
    public Integer call() throws Exception {
        Map<String, Object> result = new LinkedHashMap<>();
        Map<String, Benchmark.Rate> rates;
        try (Backend backend = device.open()) {
            rates = new Benchmark(backend, size, repeats, seconds).run(general.monitor(spec.commandLine().getErr()));
            result.put("device", backend.info());
        }
        if (device.mayRoundOnCpu()) {
            try (Backend exact = CpuBackend.create(NoisyClassifier.Precision.FLOAT32)) {
                rates.put("noisy_forwards_per_second_fp32", new Benchmark(exact, size, repeats, seconds).noisyForwards());
            }
        }
        result.put("versions", Version.all());
        result.putAll(rates);
        PrintWriter text = spec.commandLine().getOut();
        rates.forEach((name, rate) -> text.printf(Locale.ROOT, "%-45s %,16.0f  (%,.0f to %,.0f)%n",
                name.replace('_', ' '), rate.median(), rate.min(), rate.max()));
        if (out != null) {
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), result);
        }
        return ExitCode.DONE.code();
    }
}

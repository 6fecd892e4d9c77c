package dev.bulwark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.bulwark.device.Backend;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.experiment.Benchmark;
import dev.bulwark.experiment.Fleet;
import dev.bulwark.experiment.Monitor;
import dev.bulwark.experiment.Rate;
import dev.bulwark.experiment.Rate.Limit;
import dev.bulwark.experiment.Scaling;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bulwark bench}: rates of every stage, and how near they come to what the machine can do. */
@Command(name = "bench", description = "Measure every stage on random data.")
final class BenchCommand implements Callable<Integer> {

    private static final int INPUTS = 784;
    private static final int CLASSES = 10;

    @ParentCommand
    private BulwarkCommand bulwark;
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

    @Option(names = "--seconds", defaultValue = "1",
            description = "Least length of one measurement (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Option(names = "--hidden", paramLabel = "W,W,…", split = ",", defaultValue = "1024,512,256",
            description = "Widths of the hidden layers (default: ${DEFAULT-VALUE}).")
    private List<Integer> hidden;

    @Option(names = "--images", defaultValue = "4", description = "Images certified together (default: ${DEFAULT-VALUE}).")
    private int images;

    @Option(names = "--n", defaultValue = "10000", description = "Noisy copies of each (default: ${DEFAULT-VALUE}).")
    private int samples;

    @Option(names = "--batch", defaultValue = "500",
            description = "Images of a step of training, IBP and PGD (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--steps", defaultValue = "20", description = "Steps of PGD (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--ceiling", defaultValue = "2048",
            description = "Edge of the square products that tell what the machine can do (default: ${DEFAULT-VALUE}).")
    private int ceiling;

    @Option(names = "--scaling", description = "Also the time of three sizes each of images, n and network.")
    private boolean scaling;

    @Override
    public Integer call() throws Exception {
        Benchmark.Settings settings = new Benchmark.Settings(
                Stream.of(List.of(INPUTS), hidden, List.of(CLASSES)).flatMap(List::stream).toList(),
                images, samples, batch, steps, ceiling, repeats, seconds);
        Monitor monitor = general.monitor(spec.commandLine().getErr());
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("command", bulwark.commandLine());
        Map<String, Rate> rates;
        List<Scaling.Line> growth;
        try (Fleet fleet = device.openFirst()) {
            monitor.note(fleet.choice());
            result.put("device", fleet.info());
            rates = new Benchmark(fleet.first(), settings).run(monitor);
            growth = scaling ? new Scaling(fleet.first(), settings).run(monitor) : List.of();
        }
        if (device.mayRoundOnCpu()) {
            try (Backend exact = CpuBackend.create(NoisyClassifier.Precision.FLOAT32)) {
                rates.put("noisy_forwards_per_second_fp32", new Benchmark(exact, settings).noisyForwards()
                        .against(Limit.FLOAT_PRODUCTS));
            }
            if (CpuBackend.has(ProductPrecision.BFLOAT16)) {
                try (Backend rounding = CpuBackend.create().withProducts(ProductPrecision.BFLOAT16)) {
                    rates.put("ibp_training_bf16_samples_per_second", new Benchmark(rounding, settings).ibpTraining()
                            .against(Limit.CLASSIFIER_PRODUCTS));
                }
            }
        }
        result.put("versions", Version.all());
        rates.forEach((name, rate) -> result.put(name, entry(rate, rates)));
        if (scaling) {
            result.put("scaling", growth);
        }
        print(rates, growth, spec.commandLine().getOut());
        if (out != null) {
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), result);
        }
        return ExitCode.DONE.code();
    }

    private static Map<String, Object> entry(Rate rate, Map<String, Rate> rates) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("min", rate.min());
        entry.put("median", rate.median());
        entry.put("max", rate.max());
        entry.put("repeats", rate.repeats());
        entry.put("sizes", rate.sizes());
        if (rate.cost().flops() > 0) {
            entry.put("flops_per_second", rate.flopsPerSecond());
        }
        if (rate.cost().bytes() > 0) {
            entry.put("bytes_per_second", rate.bytesPerSecond());
        }
        entry.put("ceiling", rate.cost().limit().ceiling());
        entry.put("fraction_of_ceiling", rate.fractionOf(rates.get(rate.cost().limit().ceiling())));
        return entry;
    }

    private static void print(Map<String, Rate> rates, List<Scaling.Line> growth, PrintWriter text) {
        text.printf("%-46s%16s%36s%20s%14s%n", "", "median", "smallest to largest", "achieved", "of ceiling");
        rates.forEach((name, rate) -> text.printf(Locale.ROOT, "%-46s%,16.0f%36s%20s%13.0f%%%n",
                name.replace('_', ' ').replace(" per second", "/s"), rate.median(),
                String.format(Locale.ROOT, "%,.0f to %,.0f", rate.min(), rate.max()), achieved(rate),
                100 * rate.fractionOf(rates.get(rate.cost().limit().ceiling()))));
        for (Scaling.Line line : growth) {
            text.printf(Locale.ROOT, "%-16s%,16.0f%14.4f s%14.3f ns a thousand multiply-adds%n",
                    line.what(), line.size(), line.seconds(), 1e12 * line.secondsAUnit());
        }
    }

    private static String achieved(Rate rate) {
        return rate.cost().flops() > 0 ? String.format(Locale.ROOT, "%,.1f GFLOP/s", rate.flopsPerSecond() / 1e9)
                : String.format(Locale.ROOT, "%,.1f GB/s", rate.bytesPerSecond() / 1e9);
    }
}

package dev.bulwark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.bulwark.bench.BenchSettings;
import dev.bulwark.bench.Benchmark;
import dev.bulwark.bench.Rate.Limit;
import dev.bulwark.bench.Scaling;
import dev.bulwark.bench.TrainingProducts;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.files.AtomicFile;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code bulwark bench}: rates of every stage, and how near they come to what the machine can do. */
@Command(name = "bench", description = "Measure every stage on random data.")
final class BenchCommand implements Callable<Integer> {

    @ParentCommand
    private BulwarkCommand bulwark;
    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private NoisyDeviceOptions device;
    @Mixin
    private BenchSizes sizes;

    @Option(names = "--out", paramLabel = "F.json", description = "Also as JSON, replaced after every rate.")
    private Path out;

    @Option(names = "--scaling", description = "Also the time of three sizes each of images, n and network.")
    private boolean scaling;

    @Override
    public Integer call() throws IOException {
        Monitor monitor = general.monitor(spec.commandLine().getErr());
        BenchSettings settings;
        BenchResults results;
        List<TrainingProducts.Line> cublas;
        try (Fleet fleet = device.openFirst()) {
            monitor.note(fleet.choice());
            settings = sizes.on(fleet.first());
            results = new BenchResults(bulwark.commandLine(), fleet.info(), file());
            new Benchmark(fleet.first(), settings).run(monitor, results);
            if (scaling) {
                new Scaling(fleet.first(), settings).run(monitor, results::add);
            }
            cublas = hasCublas(fleet.info()) ? new TrainingProducts(fleet.first(), settings).run(monitor) : List.of();
        }
        if (results.device().onGpu()) {
            results.add(compared(cublas, settings, monitor));
        } else if (device.mayRoundOnCpu()) {
            addOtherPrecisions(settings, results);
        }
        results.print(spec.commandLine().getOut());
        return ExitCode.DONE.code();
    }

    /** Replaced whole: a reader, or a kill, at any time finds every rate that was measured until then. */
    private BenchResults.File file() {
        if (out == null) {
            return json -> { };
        }
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        return json -> AtomicFile.replace(out, mapper.writeValueAsBytes(json));
    }

    private static void addOtherPrecisions(BenchSettings settings, BenchResults results) throws IOException {
        try (Backend exact = CpuBackend.create(NoisyClassifier.Precision.FLOAT32)) {
            results.add("noisy_forwards_per_second_fp32", new Benchmark(exact, settings).noisyForwards()
                    .against(Limit.FLOAT_PRODUCTS));
        }
        if (CpuBackend.has(ProductPrecision.BFLOAT16)) {
            try (Backend rounding = CpuBackend.create().withProducts(ProductPrecision.BFLOAT16)) {
                results.add("ibp_training_bf16_samples_per_second", new Benchmark(rounding, settings).ibpTraining()
                        .against(Limit.CLASSIFIER_PRODUCTS));
            }
        }
    }

    private static boolean hasCublas(DeviceInfo info) {
        return info.libraries().get(DeviceInfo.PRODUCTS).startsWith("cuBLAS");
    }

    /** @param cublas its products; none where there is no cuBLAS */
    private List<ProductComparison> compared(List<TrainingProducts.Line> cublas, BenchSettings settings,
                                             Monitor monitor) {
        try (Fleet fleet = device.openFirstWithoutCublas()) {
            return ProductComparison.of(new TrainingProducts(fleet.first(), settings).run(monitor), cublas);
        }
    }
}

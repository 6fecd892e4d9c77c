package dev.bulwark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.bulwark.device.Backend;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.device.NoisyClassifier;
import dev.bulwark.device.ProductPrecision;
import dev.bulwark.device.cpu.CpuBackend;
import dev.bulwark.experiment.Benchmark;
import dev.bulwark.experiment.Fleet;
import dev.bulwark.experiment.Monitor;
import dev.bulwark.experiment.Rate;
import dev.bulwark.experiment.Rate.Limit;
import dev.bulwark.experiment.Scaling;
import dev.bulwark.experiment.TrainingProducts;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private DeviceOptions device;
    @Mixin
    private BenchSizes sizes;

    @Option(names = "--out", paramLabel = "F.json", description = "Also as JSON.")
    private Path out;

    @Option(names = "--scaling", description = "Also the time of three sizes each of images, n and network.")
    private boolean scaling;

    @Override
    public Integer call() throws Exception {
        BenchResults results = measure(general.monitor(spec.commandLine().getErr()));
        results.print(spec.commandLine().getOut());
        if (out != null) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("command", bulwark.commandLine());
            results.addTo(json);
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), json);
        }
        return ExitCode.DONE.code();
    }

    private BenchResults measure(Monitor monitor) {
        DeviceInfo info;
        Benchmark.Settings settings;
        Map<String, Rate> rates;
        List<Scaling.Line> growth;
        List<TrainingProducts.Line> products;
        try (Fleet fleet = device.openFirst()) {
            monitor.note(fleet.choice());
            info = fleet.info();
            settings = sizes.on(fleet.first());
            rates = new Benchmark(fleet.first(), settings).run(monitor);
            growth = scaling ? new Scaling(fleet.first(), settings).run(monitor) : List.of();
            products = hasCublas(info) ? new TrainingProducts(fleet.first(), settings).run(monitor) : List.of();
        }
        if (info.kind().equals("cuda")) {
            return new BenchResults(info, rates, growth, compared(products, settings, monitor));
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
        return new BenchResults(info, rates, growth, List.of());
    }

    private static boolean hasCublas(DeviceInfo info) {
        return info.libraries().get(DeviceInfo.PRODUCTS).startsWith("cuBLAS");
    }

    /** @param cublas its products; none where there is no cuBLAS */
    private List<ProductComparison> compared(List<TrainingProducts.Line> cublas, Benchmark.Settings settings,
                                             Monitor monitor) {
        try (Fleet fleet = device.openFirstWithoutCublas()) {
            return ProductComparison.of(new TrainingProducts(fleet.first(), settings).run(monitor), cublas);
        }
    }
}

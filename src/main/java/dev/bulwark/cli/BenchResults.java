package dev.bulwark.cli;

import dev.bulwark.bench.Benchmark;
import dev.bulwark.bench.Rate;
import dev.bulwark.bench.Scaling;
import dev.bulwark.device.DeviceInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a benchmark has measured so far, for people and for a file. The file is replaced after everything that is added: a
 * benchmark that ends early has lost nothing.
 */
final class BenchResults implements Benchmark.Results {

    /** Replaces the file's content. */
    interface File {
        void replace(Map<String, Object> json) throws IOException;
    }

    private final String command;
    private final DeviceInfo device;
    private final File file;
    private final Map<String, Rate> rates = new LinkedHashMap<>();
    private final List<Scaling.Line> growth = new ArrayList<>();
    private List<ProductComparison> products = List.of();

    /** @throws IOException if the file can't be written */
    BenchResults(String command, DeviceInfo device, File file) throws IOException {
        this.command = command;
        this.device = device;
        this.file = file;
        save();
    }

    DeviceInfo device() {
        return device;
    }

    @Override
    public void add(String name, Rate rate) throws IOException {
        rates.put(name, rate);
        save();
    }

    /** Adds how one more size of the work took. */
    void add(Scaling.Line line) throws IOException {
        growth.add(line);
        save();
    }

    /** Adds the products of training. */
    void add(List<ProductComparison> compared) throws IOException {
        products = List.copyOf(compared);
        save();
    }

    private void save() throws IOException {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("command", command);
        json.put("device", device);
        json.put("versions", Version.all());
        rates.forEach((name, rate) -> json.put(name, entry(rate)));
        noiseOverCurand().ifPresent(ratio -> json.put("noise_over_curand", ratio));
        if (!products.isEmpty()) {
            json.put("training_products", products.stream().map(ProductComparison::entry).toList());
        }
        if (!growth.isEmpty()) {
            json.put("scaling", growth);
        }
        file.replace(json);
    }

    private Map<String, Object> entry(Rate rate) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("min", rate.measured().min());
        entry.put("median", rate.median());
        entry.put("max", rate.measured().max());
        entry.put("repeats", rate.measured().repeats());
        entry.put("sizes", rate.sizes());
        if (rate.cost().flops() > 0) {
            entry.put("flops_per_second", rate.flopsPerSecond());
        }
        if (rate.cost().bytes() > 0) {
            entry.put("bytes_per_second", rate.bytesPerSecond());
        }
        entry.put("ceiling", rate.cost().limit().ceiling());
        entry.put("fraction_of_ceiling", fraction(rate));
        return entry;
    }

    private double fraction(Rate rate) {
        return rate.fractionOf(rates.get(rate.cost().limit().ceiling()));
    }

    /** This program's normals a second over cuRAND's; empty where there is no cuRAND. */
    private OptionalDouble noiseOverCurand() {
        return rates.containsKey(Benchmark.CURAND_NORMALS)
                ? OptionalDouble.of(rates.get(Benchmark.NORMALS).median() / rates.get(Benchmark.CURAND_NORMALS).median())
                : OptionalDouble.empty();
    }

    void print(PrintWriter text) {
        text.printf("%-46s%16s%36s%20s%14s%n", "", "median", "smallest to largest", "achieved", "of ceiling");
        rates.forEach((name, rate) -> text.printf(Locale.ROOT, "%-46s%,16.0f%36s%20s%13.0f%%%n",
                name.replace('_', ' ').replace(" per second", "/s"), rate.median(),
                String.format(Locale.ROOT, "%,.0f to %,.0f", rate.measured().min(), rate.measured().max()), achieved(rate),
                100 * fraction(rate)));
        noiseOverCurand().ifPresent(ratio -> text.printf(Locale.ROOT, "%-46s%16.2f%n", "noise over curand", ratio));
        if (!products.isEmpty()) {
            text.printf("%n%-28s%20s%16s%16s%12s%n", "training's products", "m x n x k", "own GFLOP/s", "cuBLAS",
                    "own over");
            products.forEach(line -> text.println(line.text()));
        }
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

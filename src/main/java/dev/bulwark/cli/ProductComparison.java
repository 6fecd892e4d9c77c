package dev.bulwark.cli;

import dev.bulwark.bench.TrainingProducts;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One product of training by own kernels and, where a machine has it, by cuBLAS. Only reported: what computes must not
 * depend on how long it took, or runs would not repeat.
 */
record ProductComparison(TrainingProducts.Line own, Optional<TrainingProducts.Line> cublas) {

    /** @param cublas the same products, or none */
    static List<ProductComparison> of(List<TrainingProducts.Line> own, List<TrainingProducts.Line> cublas) {
        return IntStream.range(0, own.size())
                .mapToObj(i -> new ProductComparison(own.get(i), cublas.isEmpty() ? Optional.empty()
                        : Optional.of(cublas.get(i))))
                .toList();
    }

    private double ratioTo(TrainingProducts.Line other) {
        return own.rate().median() / other.rate().median();
    }

    Map<String, Object> entry() {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("product", own.name());
        entry.put("m", own.m());
        entry.put("n", own.n());
        entry.put("k", own.k());
        entry.put("own_flops_per_second", own.rate().flopsPerSecond());
        cublas.ifPresent(line -> {
            entry.put("cublas_flops_per_second", line.rate().flopsPerSecond());
            entry.put("own_over_cublas", ratioTo(line));
        });
        return entry;
    }

    String text() {
        String shape = own.m() + " x " + own.n() + " x " + own.k();
        String line = String.format(Locale.ROOT, "%-28s%20s%,16.1f", own.name(), shape, own.rate().flopsPerSecond() / 1e9);
        return line + cublas.map(other -> String.format(Locale.ROOT, "%,16.1f%12.2f",
                other.rate().flopsPerSecond() / 1e9, ratioTo(other))).orElse("");
    }
}

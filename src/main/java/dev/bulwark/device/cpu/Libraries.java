package dev.bulwark.device.cpu;

import dev.bulwark.device.DeviceException.Advice;
import dev.bulwark.device.DeviceException;
import dev.bulwark.device.NoisyClassifier.Precision;
import dev.bulwark.device.ProductPrecision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/** What this machine and this JVM have, found once; what is missing is named in provenance, never silently replaced. */
final class Libraries {

    private static final Optional<Products> ONE_DNN = oneDnn();
    private static final NoiseRows NOISE = vectorised(() -> new VectorNoise(), ScalarNoise::new);

    private static final FormLoops FORMS = vectorised(() -> new VectorFormLoops(), FormLoops.Plain::new);

    private Libraries() {
    }

    static Products products() {
        return ONE_DNN.orElseGet(JavaProducts::new);
    }

    /** @throws DeviceException if this processor or its libraries have no such products */
    static SharedProducts products(ProductPrecision precision, Workers workers) {
        if (!has(precision)) {
            throw new DeviceException("this processor has no native products in " + precision
                    + ": use fp32").advising(Advice.PRODUCTS);
        }
        return precision == ProductPrecision.BFLOAT16 ? new Bfloat16Products(workers) : new FloatProducts(workers, products());
    }

    static boolean has(ProductPrecision precision) {
        return precision == ProductPrecision.FLOAT32
                || precision == ProductPrecision.BFLOAT16 && fastestPrecision() == Precision.BFLOAT16;
    }

    static NoiseRows noise() {
        return NOISE;
    }

    static FormLoops forms() {
        return FORMS;
    }

    static Precision fastestPrecision() {
        return ONE_DNN.isPresent() && PackedNetwork.hasBfloat16() ? Precision.BFLOAT16 : Precision.FLOAT32;
    }

    /** The processor's name as the system tells it. */
    static String processorName() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst().orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }

    private static Optional<Products> oneDnn() {
        try {
            Products products = new OneDnnProducts();
            products.name();
            return Optional.of(products);
        } catch (LinkageError e) {
            return Optional.empty();
        }
    }

    /** What is written in explicit vectors, or else what is not. Lambdas: no class may be loaded before the module it names. */
    private static <T> T vectorised(Supplier<T> explicit, Supplier<T> plain) {
        if (!VectorModule.load()) {
            return plain.get();
        }
        try {
            return explicit.get();
        } catch (UnsupportedOperationException | LinkageError e) {
            return plain.get();
        }
    }
}

package dev.bulwark.cli;

import dev.bulwark.api.Device;
import dev.bulwark.model.Graph;
import dev.bulwark.model.Op;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.plan.Chain;
import dev.bulwark.plan.Perceptron;
import dev.bulwark.report.Paragraph;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bulwark inspect}: what a model file holds, and how it would be computed. */
@Command(name = "inspect", description =
        "The operations of a network, their shapes and sizes, what its file says of it, in what it "
        + "differs from the file, and how it is computed.")
final class InspectCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The network, a safetensors or an ONNX file.")
    private Path model;

    @Override
    public Integer call() {
        StoredNetwork network = ModelFile.read(model);
        Graph graph = network.graph();
        PrintWriter out = spec.commandLine().getOut();
        out.println("inputs " + graph.input() + ", " + graph.classes() + " outputs, weights " + network.precision()
                + ", sha256 "
                + network.sha256());
        out.printf(Locale.ROOT, "%4s  %-14s %-18s %14s %14s  %s%n", "", "operation", "output", "parameters", "multiply-adds",
                "name");
        long work = 0;
        for (int k = 0; k < graph.nodes().size(); ++k) {
            Graph.Node node = graph.nodes().get(k);
            long products = multiplyAdds(node.op(), graph.shape(k + 1).size());
            long numbers = node.op().learned();
            out.printf(Locale.ROOT, "%4d  %-14s %-18s %,14d %,14d  %s%n", k, node.op().getClass().getSimpleName(),
                    graph.shape(k + 1),
                    numbers, products, node.name());
            work += products;
        }
        out.printf(Locale.ROOT, "%4s  %-33s %,14d %,14d%n", "", "all", graph.learned(), work);
        new TreeMap<>(network.metadata()).forEach((key, text) -> out.println(plain("metadata " + key + ": " + text)));
        network.notes().forEach(note -> out.println("note: " + note));
        computed(graph).forEach(line -> out.println(Paragraph.wrapped(line, Terminal.resultColumns(System.getenv()))));
        return ExitCode.DONE.code();
    }

    /** Of dense operations and convolutions, where nearly all of the work is. */
    private static long multiplyAdds(Op op, long outputs) {
        return op instanceof Op.Dense dense ? dense.weight().size()
                : op instanceof Op.Conv2d convolution ? outputs * (convolution.weight().size() / convolution.channels()) : 0;
    }

    /** What a file says is no command to a terminal. */
    private static String plain(String text) {
        return text.replaceAll("[^ -~]", "?");
    }

    /** How, and what would be computed otherwise, a line each. */
    private static List<String> computed(Graph graph) {
        if (Perceptron.is(graph)) {
            return List.of("computed by kernels of its own in certify, predict and attack");
        }
        if (Chain.is(graph)) {
            return List.of("computed by kernels of its own in certify, predict and attack",
                    "but attacked on a GPU in fp32, step by step");
        }
        try (Device device = Device.open("cpu")) {
            device.load(graph);
            return List.of("computed in fp32, step by step", "kernels of their own have " + Perceptron.WORDS,
                    "and, but for attacks on a GPU, " + Chain.WORDS);
        } catch (UnsupportedOperationException e) {
            return List.of("not computed: " + e.getMessage());
        }
    }
}

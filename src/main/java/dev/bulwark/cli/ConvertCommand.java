package dev.bulwark.cli;

import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.Precision;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.report.Paragraph;
import dev.bulwark.runs.ExperimentException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code bulwark convert}: a network in another kind of file. */
@Command(name = "convert", description =
        "Writes a network to another kind of file, named by its ending: .onnx holds any network, "
        + ".safetensors dense layers and convolutions with a ReLU between each two.")
final class ConvertCommand implements Callable<Integer> {

    private static final String FROM = "converted_from_sha256";

    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;

    @Parameters(index = "0", paramLabel = "IN", description = "The network, a safetensors or an ONNX file.")
    private Path in;

    @Parameters(index = "1", paramLabel = "OUT", description = "The file to write: F.onnx or F.safetensors.")
    private Path out;

    @Option(names = "--overwrite", description = "Replace OUT if it is there.")
    private boolean overwrite;

    @Override
    public Integer call() throws Exception {
        OutputPaths.requireFile("OUT", out);
        String name = out.getFileName().toString().toLowerCase(Locale.ROOT);
        if (!name.endsWith(".onnx") && !name.endsWith(".safetensors")) {
            throw new ExperimentException("OUT " + out + " must end in .onnx or .safetensors, which says what to write");
        }
        if (Files.exists(out) && (!overwrite || Files.exists(in) && Files.isSameFile(in, out))) {
            throw new ExperimentException("OUT " + out + (overwrite ? " is IN: name another file"
                    : " is there already: name another file, or add --overwrite"));
        }
        StoredNetwork network = ModelFile.read(in);
        List<String> notes = new ArrayList<>(network.notes());
        Map<String, String> metadata = new TreeMap<>(network.metadata());
        metadata.put(FROM, network.sha256());
        if (name.endsWith(".onnx")) {
            notes.addAll(ModelFile.writeOnnx(out, network.graph(), metadata));
        } else {
            ModelFile.write(out, network.graph(), precision(network), metadata);
        }
        PrintWriter err = spec.commandLine().getErr();
        notes.forEach(note -> err.println(Paragraph.wrapped("note: " + note, Terminal.columns(System.getenv()))));
        spec.commandLine().getOut().println(out + ": " + words(network.graph()) + ", sha256 "
                + ModelFile.read(out).sha256());
        return ExitCode.DONE.code();
    }

    /** The file's own, if it holds every number of the graph. */
    private static Precision precision(StoredNetwork network) {
        Precision stored = network.precision();
        boolean exact = network.graph().nodes().stream().flatMap(node -> node.op().constants().stream()).allMatch(tensor -> {
            for (int k = 0; k < tensor.size(); ++k) {
                if (stored.round(tensor.at(k)) != tensor.at(k)) {
                    return false;
                }
            }
            return true;
        });
        return exact && stored != Precision.F64 ? stored : Precision.F32;
    }

    private static String words(Graph graph) {
        return graph.nodes().size() + " operations, " + graph.learned() + " parameters, inputs " + graph.input() + ", "
                + graph.classes() + " outputs";
    }
}

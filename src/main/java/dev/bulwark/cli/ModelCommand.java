package dev.bulwark.cli;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.model.ChannelsLast;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.report.Paragraph;
import dev.bulwark.runs.ChanceLevel;
import dev.bulwark.runs.Existing;
import dev.bulwark.runs.Fleet;
import dev.bulwark.runs.Monitor;
import dev.bulwark.runs.Subject;
import dev.bulwark.runs.TrainedFor;
import dev.bulwark.settings.Message;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** A command that looks at a network with test images and writes a row for each. */
abstract class ModelCommand implements Callable<Integer> {

    @ParentCommand
    private BulwarkCommand bulwark;
    @Spec
    private CommandSpec spec;
    @Mixin
    private GeneralOptions general;
    @Mixin
    private DataOptions data;
    @Mixin
    private NormalisationOptions normalisation;
    @Mixin
    private SelectionOptions selection;
    @Mixin
    private RowOptions earlier;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The network, a safetensors or an ONNX file.")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The rows, one an image.")
    private Path out;

    /** Complains about options that make no sense, before anything is read. */
    abstract void check();

    /** The options for devices that this command takes. */
    abstract DeviceOptions device();

    /** What a user should know before the network is asked for this, from what its file says it was trained for. */
    Optional<Message> warning(TrainedFor trained) {
        return Optional.empty();
    }

    /** Remarks on options that make sense, but are probably a slip. */
    void warn(PrintWriter err) {
        // Most have none.
    }

    /** Adds what the rows depend on beyond network, data and device. */
    abstract RowsRun identify(RowsRun run, Subject subject, DeviceInfo device);

    /** Writes the rows that are not there yet. */
    abstract void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException;

    /** What the rows say, in one line, which is printed whatever else is not. */
    abstract void summarise(PrintWriter text) throws IOException;

    final Path out() {
        return out;
    }

    /** The files that rows go to, by option. */
    Map<String, Path> outputs() {
        return Map.of("--out", out);
    }

    private void requireUsableOutputs(Existing existing) throws IOException {
        for (Map.Entry<String, Path> output : outputs().entrySet()) {
            OutputPaths.requireFile(output.getKey(), output.getValue());
            RowsRun.requireNoRecord(out, output.getKey(), output.getValue());
            existing.requireUsable(output.getValue());
        }
        requireUsableToo(existing);
        RowsRun.requireUsable(out, existing);
    }

    /** What must hold of further places that this command writes to, before anything is read. */
    void requireUsableToo(Existing existing) throws IOException {
        // Most have none.
    }

    private static void say(PrintWriter err, String text) {
        err.println(Paragraph.wrapped(text, Terminal.columns(System.getenv())));
    }

    @Override
    public final Integer call() throws Exception {
        check();
        normalisation.check();
        requireUsableOutputs(earlier.existing());
        PrintWriter err = spec.commandLine().getErr();
        warn(err);
        StoredNetwork network = ModelFile.read(model);
        network.notes().forEach(note -> say(err, "note: " + note));
        warning(TrainedFor.of(network)).ifPresent(message -> say(err, OptionNames.in(message)));
        device().requireFit(network.graph());
        try (Fleet fleet = device().open()) {
            Dataset test = data.source(Set.of(Split.TEST), network.graph().input()).dataset(Split.TEST);
            Graph graph = normalisation.before(test.shape(), ChannelsLast.taking(test.shape(), network.graph()));
            Subject subject = new Subject(graph, test, selection.selection().of(test.size()));
            ChanceLevel.warning(fleet.first(), subject, normalisation.given()).ifPresent(message -> say(err, OptionNames.in(message)));
            String name = spec.name();
            RowsRun run = identify(normalisation.identify(new RowsRun(name, out, earlier.existing())
                    .on(network, test, fleet.info())), subject, fleet.info());
            Monitor monitor = general.monitor(err);
            try (ResumeHint hint = ResumeHint.of(err, bulwark.arguments())) {
                run.run(bulwark.commandLine(), fleet, test, () -> {
                    monitor.note(fleet.choice());
                    write(fleet, subject, run, monitor);
                });
            }
        }
        summarise(spec.commandLine().getOut());
        return ExitCode.DONE.code();
    }
}

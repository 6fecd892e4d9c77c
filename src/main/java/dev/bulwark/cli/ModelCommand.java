package dev.bulwark.cli;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.model.ChannelsLast;
import dev.bulwark.model.Graph;
import dev.bulwark.model.io.ModelFile;
import dev.bulwark.model.io.StoredNetwork;
import dev.bulwark.plan.Plan;
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
import java.util.LinkedHashMap;
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

/** A command that runs a network on test images and writes a row for each. */
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

    /** Whether labels say what the images show; else they are the network's predictions. */
    private boolean labelled = true;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The rows, one an image.")
    private Path out;

    /** Complains about options that make no sense, before anything is read. */
    abstract void check();

    /** As {@link #check}, once all that is checked. */
    void checkMore() {
        // Most have no more.
    }

    /** Writes what rests on the rows, once they are there. */
    void writeMore(Subject subject, RowsRun run, Monitor monitor) throws IOException {
        // Most have no more.
    }

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
    abstract RowsRun identify(RowsRun run, Subject subject, DeviceInfo device) throws IOException;

    /** What must hold of the network that a file holds. */
    void requireFit(StoredNetwork network) {
        // Most take any.
    }

    /** Writes the rows that are not there yet. */
    abstract void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException;

    /** What the rows say, in one line, which is printed whatever else is not. */
    abstract void summarise(PrintWriter text) throws IOException;

    /** The exit code of something else that options ask for instead of rows; empty where they don't. */
    Optional<Integer> instead() throws Exception {
        return Optional.empty();
    }

    /** Whether labels say what the images show, for {@link #summarise}. */
    final boolean labelled() {
        return labelled;
    }

    final Path model() {
        return model;
    }

    final CommandSpec spec() {
        return spec;
    }

    final Path out() {
        return out;
    }

    final Existing existing() {
        return earlier.existing();
    }

    /** Whether a normalisation stands in front of the network in the file. */
    final boolean normalised() {
        return normalisation.given();
    }

    /** The files that rows go to, by option. */
    Map<String, Path> outputs() {
        return Map.of("--out", out);
    }

    /** What is read and must not be written, by what the user calls it. */
    final Map<String, Path> inputs() {
        Map<String, Path> inputs = new LinkedHashMap<>(data.inputs());
        inputs.put("MODEL", model);
        return inputs;
    }

    /** Of these the images and their labels alone. */
    final Map<String, Path> images() {
        return data.inputs();
    }

    private void requireUsableOutputs(Existing existing) throws IOException {
        for (Map.Entry<String, Path> output : outputs().entrySet()) {
            OutputPaths.requireFile(output.getKey(), output.getValue());
            OutputPaths.requireNoInput(output.getKey(), output.getValue(), inputs());
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

    /** Whether a device like this has kernels of its own for what this command does with {@code network}. */
    boolean isTakenWhole(Graph network, DeviceInfo device) {
        return Plan.isTakenWhole(network, device);
    }

    @Override
    public final Integer call() throws Exception {
        Optional<Integer> other = instead();
        if (other.isPresent()) {
            return other.get();
        }
        check();
        normalisation.check();
        checkMore();
        requireUsableOutputs(earlier.existing());
        PrintWriter err = spec.commandLine().getErr();
        warn(err);
        StoredNetwork network = ModelFile.read(model);
        network.notes().forEach(note -> say(err, "note: " + note));
        requireFit(network);
        warning(TrainedFor.of(network)).ifPresent(message -> say(err, OptionNames.in(message)));
        try (Fleet fleet = device().open()) {
            device().requireFit(network.graph(), isTakenWhole(network.graph(), fleet.info()));
            Dataset images = data.images(Set.of(Split.TEST), network.graph().input()).dataset(Split.TEST);
            Graph graph = normalisation.before(images.shape(), ChannelsLast.taking(images.shape(), network.graph()));
            Subject subject = new Subject(graph, images, selection.selection().of(images.size()));
            if (!images.labelled()) {
                labelled = false;
                say(err, "note: the images have no labels, so the network's own predictions stand in their place: rows say what is "
                        + "certified or broken, not what is right");
                subject = subject.withPredictions(fleet.first());
            }
            Dataset test = subject.data();
            ChanceLevel.warning(fleet.first(), subject, normalisation.given()).ifPresent(message -> say(err, OptionNames.in(message)));
            String name = spec.name();
            Subject chosen = subject;
            RowsRun run = identify(normalisation.identify(new RowsRun(name, out, earlier.existing())
                    .on(network, test, fleet.info())), chosen, fleet.info());
            Monitor monitor = general.monitor(err);
            try (ResumeHint hint = ResumeHint.of(err, bulwark.arguments())) {
                run.run(bulwark.commandLine(), fleet, test, () -> {
                    monitor.note(fleet.choice());
                    write(fleet, chosen, run, monitor);
                    writeMore(chosen, run, monitor);
                });
            }
        }
        summarise(spec.commandLine().getOut());
        return ExitCode.DONE.code();
    }
}

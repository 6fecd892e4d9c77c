package dev.bulwark.cli;

import dev.bulwark.data.Dataset;
import dev.bulwark.data.Split;
import dev.bulwark.device.DeviceInfo;
import dev.bulwark.experiment.Existing;
import dev.bulwark.experiment.Fleet;
import dev.bulwark.experiment.Monitor;
import dev.bulwark.experiment.Subject;
import dev.bulwark.nn.ModelFile;
import dev.bulwark.nn.StoredNetwork;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
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
    private DeviceOptions device;
    @Mixin
    private DataOptions data;
    @Mixin
    private SelectionOptions selection;
    @Mixin
    private RowOptions earlier;

    @Parameters(index = "0", paramLabel = "MODEL", description = "The network, a safetensors file.")
    private Path model;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The rows, one an image.")
    private Path out;

    /** Complains about options that make no sense, before anything is read. */
    abstract void check();

    /** Adds what the rows depend on beyond network, data and device. */
    abstract RowsRun identify(RowsRun run, DeviceInfo device);

    /** Writes the rows that are not there yet. */
    abstract void write(Fleet fleet, Subject subject, RowsRun run, Monitor monitor) throws IOException;

    /** What the rows say, in a line. */
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
            existing.requireUsable(output.getValue());
        }
        RowsRun.requireUsable(out, existing);
    }

    @Override
    public final Integer call() throws Exception {
        check();
        requireUsableOutputs(earlier.existing());
        StoredNetwork network = ModelFile.read(model);
        try (Fleet fleet = device.open()) {
            Dataset test = data.source(Set.of(Split.TEST)).dataset(Split.TEST);
            Subject subject = new Subject(network.network(), test, selection.selection().of(test.size()));
            String name = spec.name();
            RowsRun run = identify(new RowsRun(name, out, earlier.existing()).on(network, test, fleet.info()), fleet.info());
            Monitor monitor = general.monitor(spec.commandLine().getErr());
            run.run(bulwark.commandLine(), fleet, test, () -> {
                monitor.note(fleet.choice());
                write(fleet, subject, run, monitor);
            });
        }
        if (!general.quiet()) {
            summarise(spec.commandLine().getOut());
        }
        return ExitCode.DONE.code();
    }
}
